import { type PageFacts, type PanelEvent, seal, type ToPage, type ToPanel, unseal } from '../messages.ts';
import { Launcher } from './launcher.ts';

export interface WidgetOptions {
  readonly key: string;
  readonly origin: string;
  readonly locale: string;
  readonly theme?: string;
}
export type WidgetEvents = Record<'open' | 'close' | 'unread' | PanelEvent, number | undefined>;
export type Tell = (name: keyof WidgetEvents, detail?: number) => void;
interface Site {
  readonly title: string;
  readonly brand?: string;
}

/** A panel that has not said "ready" by then will not: the server is away. */
const READY_WITHIN = 12_000;
const ASK_AGAIN = 30_000;

/** Launcher and panel on one page. Nothing is shown until the server has answered, and everything goes when it cannot be reached. */
export class Widget {
  readonly #options: WidgetOptions;
  readonly #tell: Tell;
  readonly #store: string;
  #launcher: Launcher | undefined;
  #frame: HTMLIFrameElement | undefined;
  #readyTimer: number | undefined;
  #isReady = false;
  #unread = 0;
  #isOpen = false;
  #wantsOpen = false;
  #page: PageFacts | undefined;

  constructor(options: WidgetOptions, tell: Tell) {
    this.#options = options;
    this.#tell = tell;
    this.#store = `yingda:${options.key}:active`;
    addEventListener('message', (event) => this.#hear(event));
  }

  async start(): Promise<void> {
    const site = await this.#site();
    if (!site) {
      setTimeout(() => void this.start(), ASK_AGAIN);
      return;
    }
    const { locale, theme } = this.#options;
    this.#launcher ??= new Launcher({ ...site, locale, theme }, () => this.open());
    this.#launcher.show();
    if (this.#wantsOpen) this.open();
    else if (this.#remembered()) this.#load();
  }

  open(): void {
    this.#wantsOpen = true;
    if (!this.#launcher || this.#isOpen) return;
    this.#load();
    this.#isOpen = true;
    this.#launcher.openPanel();
    this.#say({ type: 'shown' });
    this.#tell('open');
  }

  close(): void {
    this.#wantsOpen = false;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#launcher?.closePanel();
    this.#say({ type: 'hidden' });
    this.#tell('close');
  }

  setPage(page: PageFacts): void {
    this.#page = { url: String(page.url), title: String(page.title) };
    this.#say({ type: 'page', page: this.#page });
  }

  async #site(): Promise<Site | undefined> {
    const { origin, key } = this.#options;
    try {
      const response = await fetch(`${origin}/api/v1/channel/sites/${encodeURIComponent(key)}`, {
        credentials: 'omit',
      });
      if (!response.ok) return undefined;
      return ((await response.json()) as { site: Site }).site;
    } catch {
      return undefined; // not reachable: stay hidden and ask again later
    }
  }

  #load(): void {
    if (this.#frame || !this.#launcher) return;
    const { origin, key, locale, theme = 'auto' } = this.#options;
    const query = new URLSearchParams({ key, locale, theme, host: location.origin });
    this.#frame = this.#launcher.addFrame(`${origin}/widget/panel.html?${query}`);
    this.#readyTimer = window.setTimeout(() => this.#fail(), READY_WITHIN);
  }

  #hear(event: MessageEvent): void {
    if (event.origin !== this.#options.origin || !this.#frame || event.source !== this.#frame.contentWindow) return;
    const message = unseal<ToPage>(event.data);
    if (message?.type === 'ready') this.#ready();
    else if (message?.type === 'close') this.close();
    else if (message?.type === 'active') this.#remember(message.on);
    else if (message?.type === 'event') this.#tell(message.name);
    else if (message?.type === 'unread' && message.count !== this.#unread) {
      this.#unread = message.count;
      this.#launcher?.setUnread(message.count);
      this.#tell('unread', message.count);
    }
  }

  #ready(): void {
    clearTimeout(this.#readyTimer);
    this.#isReady = true;
    this.#launcher?.panelReady();
    this.#say({ type: 'page', page: this.#page ?? { url: location.href, title: document.title } });
    this.#say({ type: this.#isOpen ? 'shown' : 'hidden' });
  }

  /** The panel did not come up: take everything off the page, and come back when the server answers. */
  #fail(): void {
    this.close();
    this.#frame?.remove();
    this.#frame = undefined;
    this.#launcher?.hide();
    setTimeout(() => void this.start(), ASK_AGAIN);
  }

  #say(message: ToPanel): void {
    if (this.#isReady) this.#frame?.contentWindow?.postMessage(seal(message), this.#options.origin);
  }

  /** The host may forbid its storage to us; then the count only shows once the panel has been opened. */
  #remembered(): boolean {
    try {
      return localStorage.getItem(this.#store) === '1';
    } catch {
      return false;
    }
  }
  #remember(on: boolean): void {
    try {
      if (on) localStorage.setItem(this.#store, '1');
      else localStorage.removeItem(this.#store);
    } catch {
      // as above
    }
  }
}
