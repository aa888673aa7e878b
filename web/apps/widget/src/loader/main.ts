/**
 * The script an operator puts on its pages:
 *   <script src="https://…/widget.js" data-key="SITE_KEY" async></script>   (optional: data-locale="en" data-theme="light|dark|auto")
 * It waits for the page's load event, then shows the launcher. The one global is `Yingda`:
 *   Yingda.open() · Yingda.close() · Yingda.on(name, fn) · Yingda.off(name, fn) · Yingda.setPage({url, title})
 * Events: open, close, started, ended, message, unread (with the count).
 */
import type { PageFacts } from '../messages.ts';
import { Widget, type WidgetEvents } from './widget.ts';

type Name = keyof WidgetEvents;
type Listener = (detail?: number) => void;

function start(script: HTMLScriptElement, key: string): void {
  const listeners = new Map<Name, Set<Listener>>();
  const widget = new Widget(
    {
      key,
      origin: new URL(script.src).origin,
      locale: script.dataset.locale ?? navigator.language,
      theme: script.dataset.theme,
    },
    (name, detail) => {
      for (const listener of listeners.get(name) ?? []) listener(detail);
    },
  );
  const api = {
    open: () => widget.open(),
    close: () => widget.close(),
    on(name: Name, listener: Listener) {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
    },
    off(name: Name, listener: Listener) {
      listeners.get(name)?.delete(listener);
    },
    setPage: (page: PageFacts) => widget.setPage(page),
  };
  Object.assign(window, { Yingda: api });
  if (document.readyState === 'complete') void widget.start();
  else addEventListener('load', () => void widget.start(), { once: true });
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.dataset.key) start(script, script.dataset.key);
