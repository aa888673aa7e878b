import type { Entry, Outgoing, ThreadItem } from '@yingda/realtime';
import { clockTime, dayName, daysAgo } from '@yingda/ui';
import type { Tongue } from './words.ts';

/** One line of the thread as it is drawn. */
export type Row =
  | { readonly kind: 'line'; readonly key: string; readonly text: string }
  | {
      readonly kind: 'said';
      readonly key: string;
      readonly item: ThreadItem /** Name above the bubble, where the speaker changes. */;
      readonly name?: string;
    };

/** A pause longer than this gets a time line. */
const PAUSE = 10 * 60_000;

export const isMine = ({ entry }: ThreadItem): boolean => entry === undefined || entry.author.role === 'customer';
export const contentOf = ({ entry, outgoing }: ThreadItem): Entry | Outgoing['content'] => entry ?? outgoing!.content;

/** What a system entry says to the customer; undefined = nothing. */
export function systemLine(entry: Entry, { words, locale }: Tongue): string | undefined {
  if (entry.kind !== 'system' || !entry.body) return undefined;
  const { code, params } = entry.body;
  const text = (name: string) => (typeof params[name] === 'string' ? (params[name] as string) : '');
  const said = words.system;
  switch (code) {
    case 'opened':
      return said.opened(groupName(params.group));
    case 'queued':
      if (params.reason === 'transferred') return said.passedOn;
      return params.reason === 'agent_lost' || params.reason === 'returned' ? said.queuedAgain : undefined;
    case 'assigned':
      return `${(params.transferred ? said.assignedNext : said.assigned)(text('name'))} ${clockTime(entry.at, locale)}`;
    case 'agent_left':
      return said.agent_left(text('name'));
    case 'closed': {
      const by = (text('reason') || text('by')) as keyof typeof said.closed;
      return `${said.closed[by] ?? said.closed.system} ${clockTime(entry.at, locale)}`;
    }
    case 'reopened':
      return said.reopened;
    case 'linked':
      return said.linked;
    case 'identified':
      return said.identified(text('name'));
    case 'rating_invited':
      return said.ratingInvited(text('name'));
    case 'recalled': // shown in the place of what was recalled
    case 'erased':
      return undefined;
    default:
      return entry.fallback;
  }
}

function groupName(group: unknown): string {
  if (typeof group === 'string') return group;
  const { name } = (group ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : '';
}

function goneLine(item: ThreadItem, { words }: Tongue): string | undefined {
  const { entry } = item;
  if (entry?.erased) return words.erased;
  if (!entry?.recalled) return undefined;
  return isMine(item) ? words.recalledMine : words.recalledTheirs(entry.author.name);
}

/** Items with day lines, time lines, system lines and names between them. `skew` = server's clock minus the one that timed what is on its way. */
export function rowsOf(items: readonly ThreadItem[], now: number, skew: number, tongue: Tongue): Row[] {
  const rows: Row[] = [];
  let before: number | undefined;
  let speaker: number | undefined;
  for (const item of items) {
    const { key, entry } = item;
    const at = entry?.at ?? item.outgoing!.at + skew;
    const isSystem = entry?.kind === 'system';
    const line = goneLine(item, tongue) ?? (isSystem ? systemLine(entry, tongue) : undefined);
    if (isSystem && line === undefined) continue;
    const newDay = before === undefined || daysAgo(before, at) !== 0;
    if (newDay || at - (before ?? 0) > PAUSE) {
      const day = newDay && daysAgo(at, now) > 0 ? `${dayName(at, now, tongue.locale)} ` : '';
      // A system line often tells the time itself.
      if (!isSystem || day) rows.push({ kind: 'line', key: `t${key}`, text: `${day}${clockTime(at, tongue.locale)}` });
    }
    if (line !== undefined) {
      rows.push({ kind: 'line', key, text: line });
      speaker = undefined;
    } else {
      const theirs = isMine(item) ? undefined : entry?.author;
      const isOther = theirs !== undefined && theirs.participant !== speaker;
      if (theirs) speaker = theirs.participant;
      rows.push({ kind: 'said', key, item, name: isOther ? theirs.name : undefined });
    }
    before = at;
  }
  return rows;
}
