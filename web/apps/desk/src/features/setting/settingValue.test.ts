import { describe, expect, it } from 'vitest';
import { kindOf, read, written } from './settingValue.ts';

describe('values of settings', () => {
  it('are typed as their default is', () => {
    expect([true, 10, '', ['a'], null].map(kindOf)).toEqual(['bool', 'number', 'text', 'json', 'json']);
  });
  it('that are numbers are plain numbers, or nothing', () => {
    const typed = ['1', ' 60 ', '-3', '1.5', '', 'x', '1e1', '0x10'];
    expect(typed.map((text) => read('number', text))).toEqual([1, 60, -3, 1.5, ...Array(4).fill(undefined)]);
  });
  it('of other shapes come back as they were shown', () => {
    const value = { days: [1, 2], from: '08:00' };
    expect(read('json', written(value))).toEqual(value);
    expect(read('json', '{"days":')).toBeUndefined();
    expect(read('text', written(' 您好 '))).toBe(' 您好 ');
  });
});
