import type { PageFacts, PanelEvent } from '../messages.ts';

/** What a host page may say and hear: docs/guides/host-page.md, typed for them in yingda.d.ts. */
export interface Events {
  ready: undefined;
  open: undefined;
  close: undefined;
  /** Unread entries, as a number. */
  unread: number;
  /** The name of the customer the host vouched for. */
  identified: string;
  /** A code, such as `identity.expired`. */
  error: string;
}
export type EventName = keyof Events | PanelEvent;
export type Listener = (detail?: unknown) => void;
/** A signed word, a way to fetch one, or nobody is logged in. */
export type Identity = string | (() => string | null | Promise<string | null>) | null;

export interface Commands {
  open(): void;
  close(): void;
  toggle(): void;
  identify(identity: Identity): void;
  page(page: PageFacts): void;
  care(on: boolean): void;
  on(name: EventName, listener: Listener): void;
  off(name: EventName, listener: Listener): void;
  destroy(): void;
  init(): void;
}
type Call = ArrayLike<unknown>;
type Stub = { (...call: unknown[]): void; q?: Call[]; yingda?: true };

/**
 * Takes over the one global name, `yingda`, and does what was asked before the script came. A page that uses the name for something of
 * its own keeps it; then there is a widget, but nothing to call.
 */
export function serve(commands: Commands): void {
  const page = window as unknown as { yingda?: Stub };
  const before = page.yingda;
  if (before !== undefined && (typeof before !== 'function' || !(before.q || before.yingda))) return;
  const run: Stub = (name, ...rest) => {
    try {
      const known = Object.hasOwn(commands, name as string) ? commands[name as keyof Commands] : undefined;
      if (known) (known as (...all: unknown[]) => void)(...rest);
    } catch (error) {
      // A fault of ours must not stop the page's own script.
      setTimeout(() => reportError(error));
    }
  };
  run.yingda = true;
  try {
    page.yingda = run;
  } catch {
    return; // the page has frozen the name
  }
  const queue = before?.q;
  for (let n = 0; n < Math.min(queue?.length ?? 0, 100); n += 1) run(...(Array.from(queue![n]!) as unknown[]));
}
