import { applyBrand, applyTheme, iconElement, type Theme } from '@yingda/ui';
import { chatdots } from '@yingda/ui/icons';
import tokens from '@yingda/ui/tokens.css?inline';
import styles from './loader.css?inline';

/** Where the launcher stands and what it looks like, as the site is set. */
export interface Place {
  readonly side: 'right' | 'left';
  readonly x: number;
  readonly y: number;
  readonly shape: 'circle' | 'square' | 'pill';
}
export interface Look {
  readonly title: string;
  readonly launcher?: Place;
  readonly brand?: string;
  readonly locale: string;
  readonly theme?: string;
}

const WORDS = {
  zh: { open: '联系客服', unread: (n: number) => `联系客服，${n} 条未读` },
  en: { open: 'Chat with us', unread: (n: number) => `Chat with us, ${n} unread` },
};

function sheet(css: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

/** What stands on the host page: a shadow root with the round button and, once needed, the panel's iframe. */
export class Launcher {
  // No name of a known element, so that rules of the page for divs do not reach it.
  readonly #host = document.createElement('yingda-widget');
  readonly #root = document.createElement('div');
  readonly #button = document.createElement('button');
  readonly #badge = document.createElement('span');
  readonly #words: (typeof WORDS)['zh'];
  readonly #title: string;
  #frame: HTMLIFrameElement | undefined;

  constructor({ title, brand, locale, theme, launcher }: Look, onOpen: () => void) {
    this.#words = locale.toLowerCase().startsWith('zh') ? WORDS.zh : WORDS.en;
    this.#title = title;
    const shadow = this.#host.attachShadow({ mode: 'closed' });
    // Custom properties that the page gives to :root must be ours on the host of the shadow tree.
    shadow.adoptedStyleSheets = [sheet(tokens.replaceAll(':root', ':host')), sheet(styles)];
    this.#root.className = 'root';
    applyTheme(theme === 'light' || theme === 'dark' ? theme : ('auto' satisfies Theme), this.#root);
    applyBrand(brand, this.#root);
    if (launcher) {
      this.#root.classList.add(launcher.side, launcher.shape);
      this.#root.style.setProperty('--x', `${launcher.x}px`);
      this.#root.style.setProperty('--y', `${launcher.y}px`);
    }
    this.#button.type = 'button';
    this.#button.className = 'launch';
    this.#badge.className = 'badge';
    this.#badge.setAttribute('aria-hidden', 'true');
    const label = document.createElement('span');
    label.className = 'label';
    label.textContent = this.#words.open;
    this.#button.append(iconElement(chatdots, 28), label, this.#badge);
    this.#button.addEventListener('click', onOpen);
    this.#root.append(this.#button);
    shadow.append(this.#root);
    this.setUnread(0);
  }

  show(): void {
    if (!this.#host.isConnected) document.body.append(this.#host);
  }
  hide(): void {
    this.#host.remove();
  }

  setUnread(count: number): void {
    this.#badge.textContent = count > 99 ? '99+' : String(count);
    this.#badge.hidden = count === 0;
    this.#button.setAttribute('aria-label', count > 0 ? this.#words.unread(count) : this.#words.open);
  }

  /** Larger, with its words beside it. */
  setCare(on: boolean): void {
    this.#root.classList.toggle('care', on);
  }

  /** For a panel in large type. */
  makeRoom(on: boolean): void {
    this.#root.classList.toggle('large', on);
  }

  addFrame(url: string): HTMLIFrameElement {
    const frame = document.createElement('iframe');
    frame.className = 'panel';
    frame.title = this.#title;
    frame.allow = 'clipboard-write';
    frame.src = url;
    this.#root.append(frame);
    this.#frame = frame;
    return frame;
  }
  panelReady(): void {
    this.#root.classList.add('ready');
    this.#focusPanel();
  }

  openPanel(): void {
    this.#root.classList.add('open');
    this.#focusPanel();
  }
  closePanel(): void {
    // Inside a closed shadow tree the page sees only the host; the focus was in the iframe, and must not fall to the body.
    const hadFocus = document.activeElement === this.#host;
    this.#root.classList.remove('open');
    if (hadFocus) this.#button.focus();
  }

  #focusPanel(): void {
    if (this.#root.matches('.open.ready')) this.#frame?.focus();
  }
}
