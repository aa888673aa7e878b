import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventName } from '../src/loader/api.ts';
import { type Said, Widget } from '../src/loader/widget.ts';
import { seal, type ToPage } from '../src/messages.ts';

const ORIGIN = 'https://service.example';
let shadows: ShadowRoot[];
let told: [EventName, unknown][];
let widget: Widget;
let isUp: boolean;
let posted: ReturnType<typeof vi.fn<(message: { type: string }, origin: string) => void>>;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  shadows = [];
  told = [];
  isUp = true;
  const attach = Element.prototype.attachShadow;
  // A closed shadow root hides from the page; the test keeps what was made.
  vi.spyOn(Element.prototype, 'attachShadow').mockImplementation(function (this: Element, init) {
    const root = attach.call(this, init);
    shadows.push(root);
    return root;
  });
  vi.stubGlobal('fetch', async () => {
    if (!isUp) throw new TypeError('refused');
    return Response.json({ site: { title: '星桥客服', brand: '#e60027' } });
  });
  // Nothing answers behind the iframe: the tests speak for the panel.
  Object.assign((window as unknown as { happyDOM: { settings: object } }).happyDOM.settings, {
    disableIframePageLoading: true,
    handleDisabledFileLoadingAsSuccess: true,
  });
  posted = vi.fn();
  const behind = new WeakMap<object, object>();
  vi.spyOn(HTMLIFrameElement.prototype, 'contentWindow', 'get').mockImplementation(function (this: HTMLIFrameElement) {
    const made = behind.get(this) ?? { postMessage: posted };
    behind.set(this, made);
    return made as Window;
  });
  widget = new Widget({ key: 'demo', origin: ORIGIN, locale: 'zh-CN' }, (name, detail) => told.push([name, detail]));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

const root = () => shadows[0]!.querySelector('.root')!;
const button = () => shadows[0]!.querySelector<HTMLButtonElement>('.launch')!;
const frame = () => shadows[0]!.querySelector('iframe');
const isOnPage = () => document.body.children.length > 0;
function panelSays(message: ToPage, origin = ORIGIN, source: unknown = frame()?.contentWindow): void {
  window.dispatchEvent(new MessageEvent('message', { data: seal(message), origin, source: source as Window }));
}

describe('loader', () => {
  it('shows nothing before the server has answered, and asks again later', async () => {
    isUp = false;
    await widget.start();
    expect(isOnPage()).toBe(false);
    isUp = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(isOnPage()).toBe(true);
    expect(button().getAttribute('aria-label')).toBe('联系客服');
  });

  it('passes on the large type a page wishes for, and gives a panel in large type more room', async () => {
    widget = new Widget({ key: 'demo', origin: ORIGIN, locale: 'zh-CN', care: 'on' }, () => {});
    await widget.start();
    expect(root().classList.contains('care')).toBe(true);
    button().click();
    expect(frame()?.src).toContain('&care=on&');
    panelSays({ type: 'boot' });
    panelSays({ type: 'ready' });
    panelSays({ type: 'care', on: true });
    expect(root().classList.contains('large')).toBe(true);
    widget.setCare(false);
    const wishes = posted.mock.calls.map(([message]) => message).filter(({ type }) => type === 'care');
    expect(wishes.map((message) => (message as { on?: boolean }).on)).toEqual([true, false]);
    expect(root().classList.contains('care')).toBe(false);
    panelSays({ type: 'care', on: false });
    expect(root().classList.contains('large')).toBe(false);
  });

  it('loads the panel only when asked, and covers the page only once it is ready', async () => {
    await widget.start();
    expect(frame()).toBeNull();
    button().click();
    expect(frame()?.src).toBe(
      `${ORIGIN}/widget/panel.html?key=demo&locale=zh-CN&theme=auto&host=${encodeURIComponent(location.origin)}`,
    );
    expect(root().className).toBe('root open');
    panelSays({ type: 'ready' });
    expect(root().className).toBe('root open ready');
    panelSays({ type: 'close' });
    expect(root().className).toBe('root ready');
    expect(told.map(([name]) => name)).toEqual(['ready', 'open', 'close']);
  });

  it('takes everything off the page when the panel does not come up', async () => {
    await widget.start();
    widget.open();
    isUp = false;
    await vi.advanceTimersByTimeAsync(12_000);
    expect(isOnPage()).toBe(false);
    expect(frame()).toBeNull();
    isUp = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(isOnPage()).toBe(true);
  });

  it('hears only its own panel', async () => {
    await widget.start();
    widget.open();
    panelSays({ type: 'ready' }, 'https://evil.example');
    panelSays({ type: 'ready' }, ORIGIN, window);
    expect(root().className).toBe('root open');
    window.dispatchEvent(
      new MessageEvent('message', { data: { type: 'ready' }, origin: ORIGIN, source: frame()!.contentWindow }),
    );
    expect(root().className).toBe('root open');
  });

  it('shows unread on the button, tells the page, and comes back in the background on the next page', async () => {
    await widget.start();
    widget.open();
    panelSays({ type: 'ready' });
    panelSays({ type: 'active', on: true });
    panelSays({ type: 'unread', count: 2 });
    expect(button().getAttribute('aria-label')).toBe('联系客服，2 条未读');
    expect(told.at(-1)).toEqual(['unread', 2]);
    const next = new Widget({ key: 'demo', origin: ORIGIN, locale: 'zh-CN' }, () => {});
    await next.start();
    expect(shadows[1]!.querySelector('iframe')).toBeTruthy();
    expect(shadows[1]!.querySelector('.root')!.className).toBe('root');
  });

  it('gives the panel the facts of the page', async () => {
    await widget.start();
    widget.open();
    panelSays({ type: 'ready' });
    widget.setPage({ url: 'https://shop.example/plan', title: '畅联 99' });
    const said = posted.mock.calls.map(([message, origin]) => [message.type, origin]);
    expect(said).toEqual([
      ['page', ORIGIN],
      ['shown', ORIGIN],
      ['page', ORIGIN],
    ]);
    expect(posted.mock.lastCall?.[0]).toMatchObject({ page: { url: 'https://shop.example/plan', title: '畅联 99' } });
  });

  describe('asked who the customer is', () => {
    const whos = () =>
      posted.mock.calls
        .map(([message]) => message as { type: string; who?: unknown })
        .filter(({ type }) => type === 'who')
        .map(({ who }) => who);
    const boot = async () => {
      await widget.start();
      widget.open();
      panelSays({ type: 'boot' });
      await vi.advanceTimersByTimeAsync(0);
    };

    it('says so while the page has not answered, and again when it is late; the answer counts whenever it comes', async () => {
      let answer: (word: string) => void = () => {};
      widget.identify(
        () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      );
      await boot();
      expect(whos()).toEqual([{ pending: true }]);
      await vi.advanceTimersByTimeAsync(8_000);
      expect(whos().at(-1)).toEqual({ unknown: true });
      answer('word');
      await vi.advanceTimersByTimeAsync(0);
      expect(whos().at(-1)).toEqual({ token: 'word' });
    });

    it('does not know when the function throws, or answers neither a word nor null', async () => {
      widget.identify(() => Promise.reject(new Error('their fault')));
      await boot();
      expect(whos()).toEqual([{ pending: true }, { unknown: true }]);
      expect(told.at(-1)).toEqual(['error', 'identity.unavailable']);
      widget.identify((() => undefined) as unknown as () => null);
      await vi.advanceTimersByTimeAsync(0);
      expect(whos().slice(2)).toEqual([{ pending: true }, { unknown: true }]);
    });

    it('does not pass on an answer that comes after the page has said that nobody is there', async () => {
      let answer: (word: string) => void = () => {};
      widget.identify(
        () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      );
      await boot();
      widget.identify(null);
      answer('word of a former customer');
      await vi.advanceTimersByTimeAsync(20_000);
      expect(whos()).toEqual([{ pending: true }, { left: true }]);
    });

    it('asks again when the page comes back out of the memory of the browser', async () => {
      const who = vi.fn(() => 'word');
      widget.identify(who);
      await boot();
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
      await vi.advanceTimersByTimeAsync(0);
      expect(who).toHaveBeenCalledTimes(2);
    });

    it('hears a logout that was said while it was off the page, and says it until a panel has heard it', async () => {
      const said: Said = {};
      const next = async () => {
        widget = new Widget({ key: 'demo', origin: ORIGIN, locale: 'zh-CN' }, () => {}, said);
        shadows = [];
        posted.mockClear();
        await widget.start();
        if (frame()) panelSays({ type: 'boot' });
        await vi.advanceTimersByTimeAsync(0);
      };
      await next();
      widget.open();
      panelSays({ type: 'known', on: true, name: 'a' });
      widget.destroy();
      widget.identify(null);
      widget.setPage({ url: 'https://shop.example/out', title: '再见' });
      await next();
      expect(whos()).toEqual([{ left: true }]);
      panelSays({ type: 'ready' });
      expect(posted.mock.calls.map(([message]) => message)).toContainEqual(
        expect.objectContaining({ page: { url: 'https://shop.example/out', title: '再见' } }),
      );
      widget.destroy();
      await next();
      expect(whos()).toEqual([{ left: true }]);
      panelSays({ type: 'known', on: false, name: '' });
      widget.destroy();
      await next();
      expect(frame()).toBeNull();
      widget.open();
      panelSays({ type: 'boot' });
      expect(whos()).toEqual([undefined]);
    });

    it('keeps a panel whose page is slow to answer', async () => {
      widget.identify(() => new Promise(() => {}));
      await widget.start();
      widget.open();
      await vi.advanceTimersByTimeAsync(10_000);
      panelSays({ type: 'boot' });
      await vi.advanceTimersByTimeAsync(8_000);
      expect(frame()).toBeTruthy();
      await vi.advanceTimersByTimeAsync(4_000);
      expect(frame()).toBeNull();
    });
  });
});
