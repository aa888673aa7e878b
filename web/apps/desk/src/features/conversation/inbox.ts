import type { Conversation } from '@yingda/realtime';
import type { Sort } from '../../preferences.ts';

export type Box = 'mine' | 'queue' | 'colleague' | 'closed';
export const boxes: readonly Box[] = ['mine', 'queue', 'colleague', 'closed'];

export function boxOf(conversation: Conversation, me: string): Box {
  if (conversation.state === 'closed') return 'closed';
  if (conversation.state === 'queued') return 'queue';
  return conversation.owner?.id === me ? 'mine' : 'colleague';
}

/** Since when somebody waits: in the queue from joining it, in service from the oldest word without an answer. */
export function waitsSince(conversation: Conversation): number | undefined {
  if (conversation.state === 'closed') return undefined;
  return conversation.state === 'queued'
    ? (conversation.queued_at ?? conversation.opened_at)
    : conversation.waiting_since;
}

const newestAt = (conversation: Conversation) => conversation.last?.at ?? conversation.opened_at;

/** The longest waiting first, then those who wait for nobody by their newest word; or simply the newest first. */
export function compare(sort: Sort) {
  return (a: Conversation, b: Conversation): number => {
    const [waitA, waitB] = [waitsSince(a), waitsSince(b)];
    if (sort === 'longest' && waitA !== waitB) return (waitA ?? Infinity) - (waitB ?? Infinity);
    return newestAt(b) - newestAt(a) || a.id.localeCompare(b.id);
  };
}

export function matches(conversation: Conversation, query: string): boolean {
  const wanted = query.trim().toLocaleLowerCase();
  return wanted === '' || conversation.customer.name.toLocaleLowerCase().includes(wanted);
}

/** Keeps rows where they are while somebody points at them: known ids in their old order, new ones below. */
export function hold(order: readonly string[], sorted: readonly Conversation[]): Conversation[] {
  const byId = new Map(sorted.map((conversation) => [conversation.id, conversation]));
  const kept = order.flatMap((id) => byId.get(id) ?? []);
  const seen = new Set(order);
  return [...kept, ...sorted.filter((conversation) => !seen.has(conversation.id))];
}

export type Urgency = 'calm' | 'amber' | 'red';

/** How long a customer may wait before the pill turns; the operator's thresholds replace these. */
export const thresholds = { amber: 30_000, red: 60_000 };

export function urgency(waitedMs: number, limits = thresholds): Urgency {
  if (waitedMs > limits.red) return 'red';
  return waitedMs >= limits.amber ? 'amber' : 'calm';
}
