/**
 * The script an operator puts on its pages:
 *   <script src="https://…/widget.js" data-key="SITE_KEY" async></script>   (optional: data-locale="en" data-theme="light|dark|auto" data-care="on|off")
 * It waits for the page's load event, then shows the launcher. The one global is `yingda`: see api.ts.
 */
import { type Commands, type EventName, type Listener, serve } from './api.ts';
import { type Said, Widget } from './widget.ts';

/** Marks the page as served, so that a script which a single-page app inserts again does not make a second launcher. */
const SERVED = Symbol.for('yingda');

function start(script: HTMLScriptElement, key: string): void {
  const page = window as unknown as Record<symbol, true | undefined>;
  if (page[SERVED]) return;
  page[SERVED] = true;
  const listeners = new Map<EventName, Set<Listener>>();
  const options = {
    key,
    origin: new URL(script.src).origin,
    locale: script.dataset.locale ?? navigator.language,
    theme: script.dataset.theme,
    care: script.dataset.care,
  };
  const tell = (name: EventName, detail?: unknown) => {
    for (const listener of Array.from(listeners.get(name) ?? [])) {
      try {
        listener(detail);
      } catch (error) {
        setTimeout(() => reportError(error)); // theirs, and not the end of ours
      }
    }
  };
  const said: Said = {};
  let isUp = false;
  let widget: Widget;
  const init = () => {
    if (isUp) return;
    isUp = true;
    const made = new Widget(options, tell, said);
    widget = made;
    if (document.readyState === 'complete') void made.start();
    else addEventListener('load', () => void made.start(), { once: true });
  };
  const commands: Commands = {
    open: () => isUp && widget.open(),
    close: () => isUp && widget.close(),
    toggle: () => isUp && widget.toggle(),
    // Off the page too: a logout must reach the panel that comes next.
    identify: (identity) => widget.identify(identity),
    page: (facts) => widget.setPage(facts),
    care: (on) => widget.setCare(on),
    on(name, listener) {
      if (typeof listener !== 'function') return;
      const known = listeners.get(name) ?? new Set();
      if (known.size < 50) listeners.set(name, known.add(listener));
    },
    off: (name, listener) => void listeners.get(name)?.delete(listener),
    destroy() {
      widget.destroy();
      isUp = false;
    },
    init,
  };
  init();
  serve(commands);
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.dataset.key) start(script, script.dataset.key);
