/** What the loader on the operator's page and the panel in its iframe tell each other, by postMessage with both origins checked. */
export interface PageFacts {
  readonly url: string;
  readonly title: string;
}
export type ToPanel =
  | { readonly type: 'page'; readonly page: PageFacts }
  | { readonly type: 'shown' }
  | { readonly type: 'hidden' };

export type PanelEvent = 'started' | 'ended' | 'message';
export type ToPage =
  | { readonly type: 'ready' }
  | { readonly type: 'close' }
  | { readonly type: 'unread'; readonly count: number }
  /** An open conversation exists: the next page starts the panel in the background, to show its unread count. */
  | { readonly type: 'active'; readonly on: boolean }
  | { readonly type: 'event'; readonly name: PanelEvent };

/** Marks our messages among those of the host page and of others. */
const SIGN = 'yingda';
export const seal = <T extends ToPanel | ToPage>(message: T) => ({ ...message, sign: SIGN });
export function unseal<T extends ToPanel | ToPage>(data: unknown): T | undefined {
  const isOurs = typeof data === 'object' && data !== null && (data as { sign?: unknown }).sign === SIGN;
  return isOurs ? (data as T) : undefined;
}
