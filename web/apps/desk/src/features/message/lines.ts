import type { ImageBody, ThreadItem } from '@yingda/realtime';

/** What stands below one another in a thread. */
export type Line =
  | { type: 'day'; key: string; at: number }
  | { type: 'item'; key: string; item: ThreadItem; at: number };

/** These tell of another entry, which itself shows what became of it. */
const about = new Set(['recalled', 'erased']);
const isSilent = ({ entry }: ThreadItem) => entry?.kind === 'system' && about.has(entry.body?.code ?? '');

export function lines(items: readonly ThreadItem[]): Line[] {
  const result: Line[] = [];
  let day = '';
  for (const item of items) {
    if (isSilent(item)) continue;
    const at = item.entry ? item.entry.at : item.outgoing.at;
    const its = new Date(at).toDateString();
    if (its !== day) result.push({ type: 'day', key: `day-${its}-${item.key}`, at });
    day = its;
    result.push({ type: 'item', key: item.key, item, at });
  }
  return result;
}

export type Voice = 'customer' | 'staff' | 'bot' | 'note' | 'system';

export function voiceOf(item: ThreadItem): Voice {
  if (item.outgoing) return item.outgoing.content.kind === 'note' ? 'note' : 'staff';
  const { kind, author } = item.entry;
  if (kind === 'system') return 'system';
  if (kind === 'note') return 'note';
  if (author.role === 'customer') return 'customer';
  return author.role === 'bot' ? 'bot' : 'staff';
}

const recallMs = 2 * 60_000;

/** Only what is mine, still there, and young enough; the server decides in the end. */
export function mayRecall(item: ThreadItem, now: number): boolean {
  const entry = item.entry;
  if (!entry || item.delivery === undefined || entry.kind === 'system') return false;
  return !entry.recalled && !entry.erased && now - entry.at < recallMs;
}

/** The text that "copy" puts on the clipboard. */
export function textOf(item: ThreadItem): string | undefined {
  if (item.outgoing) return 'text' in item.outgoing.content.body ? item.outgoing.content.body.text : undefined;
  const { entry } = item;
  if (entry.kind === 'text' || entry.kind === 'note') return entry.body?.text;
  return entry.kind === 'card' ? entry.fallback : undefined;
}

/** The pictures of a thread that can be looked at, oldest first. */
export function imagesOf(items: readonly ThreadItem[]): ImageBody[] {
  return items.flatMap(({ entry }) => (entry?.kind === 'image' && entry.v === 1 && entry.body ? [entry.body] : []));
}
