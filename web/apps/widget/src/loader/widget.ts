import { type PageFacts, seal, type ToPage, type ToPanel, unseal, type Who } from '../messages.ts';
import type { EventName, Identity } from './api.ts';
import { Launcher, type Place } from './launcher.ts';

export interface WidgetOptions {
  readonly key: string;
  readonly origin: string;
  readonly locale: string;
  readonly theme?: string;
  /** Care mode as the page wishes it: `on`, `off`, or not said. */
  readonly care?: string;
}
/** What the page has said of itself: it outlives a widget that is taken off the page, and is said to the next one. */
export interface Said {
  page?: PageFacts;
  care?: boolean;
  identity?: Identity;
  /** A token counts once, and "nobody" once the panel has heard it: another panel of another tab may know better by now. */
  isTold?: boolean;
}
export type Tell = (name: EventName, detail?: unknown) => void;
interface Site {
  readonly title: string;
  readonly brand?: string;
  readonly launcher?: Place;
}

/** A panel that has not said "ready" by then will not: the server is away. */
const READY_WITHIN = 12_000;
/** The first wait before a server that is away is asked again; it doubles. */
const ASK_AGAIN = 30_000;
const ASK_AT_LEAST = 600_000;
/** A host page that takes longer to say who its customer is does not know, for now: its answer counts whenever it comes. */
const WHO_WITHIN = 8_000;

/** At most so many characters of what the page says; the page may be hostile. */
const bound = (value: unknown, most: number) => String(value ?? '').slice(0, most);

/** What the page said, or its function answered. */
function wordOf(said: unknown): Who {
  if (said === null) return { left: true };
  if (typeof said !== 'string') throw new TypeError('neither a word nor null');
  return { token: bound(said, 8192) };
}

/** Launcher and panel on one page. Nothing is shown until the server has answered, and everything goes when it cannot be reached. */
export class Widget {
  readonly #options: WidgetOptions;
  readonly #tell: Tell;
  readonly #said: Said;
  readonly #life = new AbortController();
  #launcher: Launcher | undefined;
  #frame: HTMLIFrameElement | undefined;
  #timer: number | undefined;
  #wait = ASK_AGAIN;
  #isReady = false;
  #hasBooted = false;
  #unread = 0;
  #isOpen = false;
  #wantsOpen = false;
  #asked = 0;

  constructor(options: WidgetOptions, tell: Tell, said: Said = {}) {
    this.#options = options;
    this.#said = said;
    if (options.care) said.care ??= options.care === 'on';
    this.#tell = tell;
    // A page that pollutes Object.prototype pollutes every dictionary that has one.
    const life = { __proto__: null, signal: this.#life.signal } as object;
    addEventListener('message', (event) => this.#hear(event), life);
    // A page that comes back as it was may have another customer by now.
    addEventListener('pageshow', (event) => event.persisted && this.#hasBooted && void this.#tellWho(), life);
  }

  async start(): Promise<void> {
    const site = await this.#site();
    if (this.#life.signal.aborted) return;
    if (!site) return this.#later();
    this.#wait = ASK_AGAIN;
    const { locale, theme } = this.#options;
    this.#launcher ??= new Launcher({ ...site, locale, theme }, () => this.open());
    this.#launcher.setCare(this.#said.care === true);
    this.#launcher.show();
    this.#tell('ready');
    if (this.#wantsOpen) this.open();
    else if (this.#remembered('active') === '1' || this.#mustTell()) this.#load();
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

  toggle(): void {
    if (this.#isOpen) this.close();
    else this.open();
  }

  setPage(page: PageFacts): void {
    this.#said.page = { url: bound(page?.url, 2000), title: bound(page?.title, 200) };
    this.#say({ type: 'page', page: this.#said.page });
  }

  /** Large type, as the page itself is shown now; the visitor's own choice in the panel counts more. */
  setCare(on: boolean): void {
    this.#said.care = on === true;
    this.#launcher?.setCare(this.#said.care);
    this.#say({ type: 'care', on: this.#said.care });
  }

  /** Who the customer is from now on: a signed word, a function that gets one, or nobody (null). */
  identify(identity: Identity): void {
    this.#said.identity = typeof identity === 'string' || typeof identity === 'function' ? identity : null;
    this.#said.isTold = false;
    if (this.#hasBooted) void this.#tellWho();
    else if (this.#launcher && this.#mustTell()) this.#load();
  }

  /** Takes everything off the page. */
  destroy(): void {
    this.#life.abort();
    clearTimeout(this.#timer);
    this.#launcher?.hide();
    this.#launcher = undefined;
    this.#frame = undefined;
    this.#isReady = false;
    this.#hasBooted = false;
  }

  #later(): void {
    this.#timer = window.setTimeout(() => void this.start(), this.#wait);
    this.#wait = Math.min(ASK_AT_LEAST, this.#wait * 2);
  }

  async #site(): Promise<Site | undefined> {
    const { origin, key, locale } = this.#options;
    try {
      const init = { __proto__: null, credentials: 'omit', signal: this.#life.signal } as object;
      const response = await fetch(
        `${origin}/api/v1/channel/sites/${encodeURIComponent(key)}?locale=${encodeURIComponent(bound(locale, 35))}`,
        init,
      );
      if (!response.ok) return undefined;
      return ((await response.json()) as { site: Site }).site;
    } catch {
      return undefined; // not reachable: stay hidden and ask again later
    }
  }

  #load(): void {
    if (this.#frame || !this.#launcher) return;
    const { origin, key, locale, theme = 'auto' } = this.#options;
    const query = new URLSearchParams(`key=${encodeURIComponent(key)}`);
    query.set('locale', locale);
    query.set('theme', theme);
    if (this.#said.care !== undefined) query.set('care', this.#said.care ? 'on' : 'off');
    query.set('host', location.origin);
    this.#frame = this.#launcher.addFrame(`${origin}/widget/panel.html?${query}`);
    this.#timer = window.setTimeout(() => this.#fail(), READY_WITHIN);
  }

  #hear(event: MessageEvent): void {
    if (event.origin !== this.#options.origin || !this.#frame || event.source !== this.#frame.contentWindow) return;
    const message = unseal<ToPage>(event.data);
    if (message?.type === 'boot') this.#booted();
    else if (message?.type === 'ready') this.#ready();
    else if (message?.type === 'close') this.close();
    else if (message?.type === 'care') this.#launcher?.makeRoom(message.on);
    else if (message?.type === 'active') this.#remember('active', message.on);
    else if (message?.type === 'known') {
      this.#remember('known', message.on);
      if (message.on) this.#tell('identified', message.name);
      else this.#said.isTold ||= this.#said.identity === null;
    } else if (message?.type === 'error') this.#tell('error', message.code);
    else if (message?.type === 'event') this.#tell(message.name);
    else if (message?.type === 'unread' && message.count !== this.#unread) {
      this.#unread = message.count;
      this.#launcher?.setUnread(message.count);
      this.#tell('unread', message.count);
    }
  }

  #booted(): void {
    this.#hasBooted = true;
    // The server is there; from here on the page may take its time.
    clearTimeout(this.#timer);
    if (!this.#isReady) this.#timer = window.setTimeout(() => this.#fail(), READY_WITHIN);
    void this.#tellWho();
  }

  /** Only the newest question counts: an answer that comes after the page has said something else names a former customer. */
  async #tellWho(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const isNewest = () => asked === this.#asked && this.#hasBooted;
    const tell = (who: Who) => isNewest() && this.#post({ type: 'who', who });
    const identity = this.#said.identity;
    const isTold = this.#said.isTold;
    this.#said.isTold ||= identity !== null;
    if (typeof identity !== 'function') {
      if (identity === undefined || isTold) tell(undefined);
      else tell(wordOf(identity));
      return;
    }
    tell({ pending: true });
    const late = setTimeout(() => tell({ unknown: true }), WHO_WITHIN);
    let who: Who = { unknown: true };
    try {
      who = wordOf(await identity());
    } catch {
      if (isNewest()) this.#tell('error', 'identity.unavailable');
    }
    clearTimeout(late);
    tell(who);
  }

  /** A token soon ends, and a customer who logged out must not be found here: neither waits until somebody opens the panel. */
  #mustTell(): boolean {
    if (this.#said.identity === undefined || this.#said.isTold) return false;
    return typeof this.#said.identity === 'string' || this.#remembered('known') !== '';
  }

  #ready(): void {
    clearTimeout(this.#timer);
    this.#isReady = true;
    this.#launcher?.panelReady();
    this.#say({
      type: 'page',
      page: this.#said.page ?? { url: bound(location.href, 2000), title: bound(document.title, 200) },
    });
    if (this.#said.care !== undefined) this.#say({ type: 'care', on: this.#said.care });
    this.#say({ type: this.#isOpen ? 'shown' : 'hidden' });
  }

  /** The panel did not come up: take everything off the page, and come back when the server answers. */
  #fail(): void {
    this.close();
    this.#frame?.remove();
    this.#frame = undefined;
    this.#isReady = false;
    this.#hasBooted = false;
    this.#launcher?.hide();
    this.#later();
  }

  #say(message: ToPanel): void {
    if (this.#isReady) this.#post(message);
  }
  #post(message: ToPanel): void {
    this.#frame?.contentWindow?.postMessage(seal(message), this.#options.origin);
  }

  /** '1', '' for never, or undefined where the host has no storage for us: then nobody knows. */
  #remembered(what: 'active' | 'known'): string | undefined {
    try {
      return localStorage.getItem(`yingda:${this.#options.key}:${what}`) ?? '';
    } catch {
      return undefined;
    }
  }
  #remember(what: 'active' | 'known', on: boolean): void {
    try {
      const name = `yingda:${this.#options.key}:${what}`;
      if (on) localStorage.setItem(name, '1');
      else localStorage.removeItem(name);
    } catch {
      // as above
    }
  }
}
