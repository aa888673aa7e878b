/** What the loader on the operator's page and the panel in its iframe tell each other, by postMessage with both origins checked. */
export interface PageFacts {
  readonly url: string;
  readonly title: string;
}
/**
 * What the host page says of its customer: a signed word, that nobody is logged in, that it was asked and has not answered (pending: yet;
 * unknown: in time, or at all), or nothing (new).
 */
export type Who =
  | { readonly token: string }
  | { readonly left: true }
  | { readonly pending: true }
  | { readonly unknown: true }
  | undefined;
export type ToPanel =
  | { readonly type: 'page'; readonly page: PageFacts }
  | { readonly type: 'shown' }
  | { readonly type: 'hidden' }
  /** Care mode is wished for by the host page, or not. */
  | { readonly type: 'care'; readonly on: boolean }
  /** The answer to `boot`, and whenever the host page says something new. */
  | { readonly type: 'who'; readonly who: Who };

export type PanelEvent = 'started' | 'ended' | 'message';
export type ToPage =
  /** The panel has come so far that it must know who the customer is. */
  | { readonly type: 'boot' }
  | { readonly type: 'ready' }
  | { readonly type: 'close' }
  /** Large type is read there: it needs more room. */
  | { readonly type: 'care'; readonly on: boolean }
  | { readonly type: 'unread'; readonly count: number }
  /** An open conversation exists: the next page starts the panel in the background, to show its unread count. */
  | { readonly type: 'active'; readonly on: boolean }
  /** A customer the host vouched for is in; a host page that says nobody is logged in must reach this panel. */
  | { readonly type: 'known'; readonly on: boolean; readonly name: string }
  | { readonly type: 'error'; readonly code: string }
  | { readonly type: 'event'; readonly name: PanelEvent };

/** Marks our messages among those of the host page and of others. */
const SIGN = 'yingda';
export const seal = <T extends ToPanel | ToPage>(message: T) => ({ ...message, sign: SIGN });
export function unseal<T extends ToPanel | ToPage>(data: unknown): T | undefined {
  const isOurs = typeof data === 'object' && data !== null && (data as { sign?: unknown }).sign === SIGN;
  return isOurs ? (data as T) : undefined;
}
