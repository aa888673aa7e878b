import type { Conversation } from '@yingda/realtime';
import { boxOf } from '../inbox.ts';

/** What somebody at the desk should hear: a conversation for them, a customer's words, a customer who waits too long. */
export type Signal = 'conversation' | 'message' | 'waiting';
export interface Alert {
  readonly signal: Signal;
  readonly conversation: Conversation;
}

/** A customer of mine who has waited so long for an answer is waiting too long. */
const PATIENCE = 60_000;

/** What is news between two looks at the inbox. Pure: `since` and `now` are server time. */
export function alertsBetween(
  before: readonly Conversation[],
  after: readonly Conversation[],
  me: string,
  { since, now }: { since: number; now: number },
): Alert[] {
  const known = new Map(before.map((one) => [one.id, one]));
  return after.flatMap((conversation) => {
    const box = boxOf(conversation, me);
    const old = known.get(conversation.id);
    const isMine = box === 'mine';
    const signal = (): Signal | undefined => {
      if (isMine ? !old || boxOf(old, me) !== 'mine' : box === 'queue' && !old) return 'conversation';
      if (isMine && conversation.unread > (old?.unread ?? 0)) return 'message';
      const late = (conversation.waiting_since ?? Number.POSITIVE_INFINITY) + PATIENCE;
      return isMine && late > since && late <= now ? 'waiting' : undefined;
    };
    const found = signal();
    return found ? [{ signal: found, conversation }] : [];
  });
}
