import { describe, expect, it } from 'vitest';
import { isDefault, wholeNumber } from './settingValue.ts';

describe('values of settings', () => {
  it('are whole numbers within their limits, or nothing', () => {
    const limits = { min: 1, max: 60 };
    expect(['1', ' 60 ', '0', '61', '1.5', '', 'x', '1e1'].map((text) => wholeNumber(text, limits))).toEqual([
      1,
      60,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('know whether they are the default', () => {
    expect(isDefault({ value: ['a'], default: ['a'] })).toBe(true);
    expect(isDefault({ value: 5, default: 3 })).toBe(false);
  });
});
