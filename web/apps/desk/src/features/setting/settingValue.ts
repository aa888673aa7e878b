import type { Setting } from '@yingda/api';

/** A whole number within the limits of its setting; undefined when it is not one. */
export function wholeNumber(
  text: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Pick<Setting, 'min' | 'max'>,
): number | undefined {
  if (!/^-?\d+$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

export function isDefault({ value, default: usual }: Pick<Setting, 'value' | 'default'>): boolean {
  return JSON.stringify(value) === JSON.stringify(usual);
}
