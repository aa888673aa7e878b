import { describe, expect, it } from 'vitest';
import { bytes, contrastOnWhite, dayName, daysAgo, duration, money, relativeTime } from '../src/index.ts';

const at = (year: number, month: number, day: number, hour = 0, minute = 0) =>
  new Date(year, month, day, hour, minute).getTime();
const now = at(2026, 10, 20, 14, 36);

describe('times', () => {
  it('counts days by local midnight, not by 24 hours', () => {
    expect(daysAgo(at(2026, 10, 19, 23, 59), now)).toBe(1);
    expect(daysAgo(at(2026, 10, 20, 0, 0), now)).toBe(0);
  });
  it('names days as people do', () => {
    expect(dayName(now, now, 'zh-CN')).toBe('今天');
    expect(dayName(at(2026, 10, 19, 1), now, 'zh-CN')).toBe('昨天');
    expect(dayName(at(2026, 10, 3, 1), now, 'zh-CN')).toBe('11月3日');
    expect(dayName(at(2025, 10, 3, 1), now, 'zh-CN')).toBe('2025年11月3日');
    expect(dayName(now, now, 'en')).toBe('today');
  });
  it('says how long ago in short words', () => {
    expect(relativeTime(now - 180_000, now, 'zh-CN')).toBe('3分钟前');
    expect(relativeTime(now - 2_000, now, 'zh-CN')).toBe('现在');
    expect(relativeTime(now + 5_000, now, 'zh-CN')).toBe('现在');
  });
  it('runs clocks over the hour', () => {
    expect([duration(7_400), duration(724_000), duration(3_729_000)]).toEqual(['0:07', '12:04', '1:02:09']);
  });
});

describe('amounts', () => {
  it('writes 分 as yuan and sizes with their unit', () => {
    expect(money(19_900, 'zh-CN')).toBe('¥199.00');
    expect(bytes(1_400_000, 'en')).toBe('1.4 MB');
    expect(bytes(12, 'en')).toBe('12 byte');
  });
  it('knows on which brand colours white can be read', () => {
    expect(contrastOnWhite('#e60027')).toBeGreaterThan(4.5);
    expect(contrastOnWhite('#ffcc00')).toBeLessThan(4.5);
    expect(contrastOnWhite('red')).toBe(0);
  });
});
