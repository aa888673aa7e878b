import type { BackupOverview, BackupRun } from '@yingda/api';

/** So long after a backup should have been taken, its absence is a trouble of its own. */
const LATE = 36 * 3600_000;

/** What somebody has to look after, the gravest first; nothing when all is well. */
export type Trouble = { kind: 'folder'; why: string } | { kind: 'failing'; why: string } | { kind: 'late'; at: number };

export function troubleOf(seen: BackupOverview, now: number): Trouble | undefined {
  if (seen.trouble) return { kind: 'folder', why: seen.trouble };
  const last = seen.items.find(({ state }) => state === 'done' || state === 'failed');
  if (last?.state === 'failed') return { kind: 'failing', why: last.trouble ?? '' };
  const daily = /^\s*\d{1,2}:\d{2}\s*$/.test(seen.schedule);
  // Of other patterns only the server knows how far apart they are.
  if (daily && seen.last_good_at !== undefined && now - seen.last_good_at > LATE)
    return { kind: 'late', at: seen.last_good_at };
  return undefined;
}

export const isUnderWay = (run: BackupRun) => run.state === 'waiting' || run.state === 'running';

/** A failed one is tried again for some minutes. */
const AGAIN = 10 * 60_000;

/** More is about to happen to it. */
export const isRestless = (run: BackupRun, now: number) =>
  isUnderWay(run) || (run.state === 'failed' && now - (run.finished_at ?? now) < AGAIN);

/** 850 ms, 42 s, 3 min 20 s, 1 h 5 min: as short as it can be said. */
export function lasted(ms: number, locale: string): string {
  const unit = (value: number, name: 'hour' | 'minute' | 'second') =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return unit(seconds, 'second');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return [unit(minutes, 'minute'), seconds % 60 ? unit(seconds % 60, 'second') : ''].join(' ').trim();
  return [unit(Math.floor(minutes / 60), 'hour'), minutes % 60 ? unit(minutes % 60, 'minute') : ''].join(' ').trim();
}
