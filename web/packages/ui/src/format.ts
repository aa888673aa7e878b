/** Dates, spans and money in the words of a locale, all through Intl. `now` is passed in; times are milliseconds since 1970. */
const cache = new Map<string, unknown>();
function cached<T>(key: string, make: () => T): T {
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key) as T;
}
const dated = (locale: string, options: Intl.DateTimeFormatOptions) =>
  cached(`d${locale}${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options));

const DAY = 86_400_000;
const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
/** Whole local days between two times: 0 = the same day, 1 = the day before `now`. */
export function daysAgo(at: number, now: number): number {
  return Math.round((midnight(now) - midnight(at)) / DAY);
}

/** 14:31 */
export const clockTime = (at: number, locale: string): string =>
  dated(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);

/** 2026年11月20日 14:31:05, for titles on hover. */
export const fullTime = (at: number, locale: string): string =>
  dated(locale, { dateStyle: 'long', timeStyle: 'medium', hourCycle: 'h23' }).format(at);

/** 今天, 昨天, 11月3日 星期二; with the year when it is another. */
export function dayName(at: number, now: number, locale: string): string {
  const ago = daysAgo(at, now);
  if (ago === 0 || ago === 1) {
    return cached(`r${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })).format(-ago, 'day');
  }
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric';
  return dated(locale, { year, month: 'long', day: 'numeric', weekday: ago < 7 ? 'short' : undefined }).format(at);
}

/** 刚刚, 3分钟前, 2小时前, 昨天, 11月3日: short, for lists. */
export function relativeTime(at: number, now: number, locale: string): string {
  const relative = cached(`s${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }));
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return relative.format(seconds < 10 ? 0 : -seconds, 'second');
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
  const ago = daysAgo(at, now);
  if (ago === 0) return relative.format(-Math.floor(seconds / 3600), 'hour');
  if (ago === 1) return relative.format(-1, 'day');
  return dated(locale, { month: 'short', day: 'numeric' }).format(at);
}

const two = (n: number) => String(n).padStart(2, '0');
/** 0:07, 12:04, 1:02:09: a running clock. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** 分 to ¥199.00 */
export const money = (fen: number, locale: string): string =>
  cached(
    `m${locale}`,
    () => new Intl.NumberFormat(locale, { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol' }),
  ).format(fen / 100);

/** 1.4 MB */
export function bytes(count: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const step = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
  const unit = units[step] ?? 'byte';
  return cached(
    `b${locale}${unit}`,
    () => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }),
  ).format(count / 1000 ** step);
}
