import { describe, expect, it } from 'vitest';
import { acceptOf, type FileRules, unfit } from '../src/files.ts';

const rules: FileRules = {
  image_mb: 10,
  document_mb: 20,
  types: [{ ending: 'pdf', media_type: 'application/pdf' }],
};
const MB = 1024 * 1024;
const why = (name: string, type: string, size = 1) => unfit({ name, type, size }, rules)?.why;

describe('what may be sent', () => {
  it('is an image, or a file whose ending is on the list', () => {
    expect(why('a.png', 'image/png')).toBeUndefined();
    expect(why('Bill.PDF', 'application/pdf')).toBeUndefined();
    expect(why('bill.pdf', '')).toBeUndefined(); // some systems know no types
    expect(why('run.exe', 'application/octet-stream')).toBe('type');
    expect(why('bill', 'application/pdf')).toBe('type');
    expect(why('a.svg', 'image/svg+xml')).toBe('type');
  });

  it('is no larger than allowed, to the byte, and not empty', () => {
    expect(why('a.png', 'image/png', 10 * MB)).toBeUndefined();
    expect(unfit({ name: 'a.png', type: 'image/png', size: 10 * MB + 1 }, rules)).toEqual({ why: 'large', most: 10 });
    expect(why('a.pdf', 'application/pdf', 10 * MB + 1)).toBeUndefined();
    expect(unfit({ name: 'a.pdf', type: '', size: 20 * MB + 1 }, rules)).toEqual({ why: 'large', most: 20 });
    expect(why('a.pdf', 'application/pdf', 0)).toBe('empty');
  });

  it('is left to the server while the rules are unknown', () => {
    expect(unfit({ name: 'run.exe', type: '', size: 99 * MB }, undefined)).toBeUndefined();
    expect(unfit({ name: 'a.svg', type: 'image/svg+xml', size: 1 }, undefined)).toEqual({ why: 'type' });
    expect(acceptOf(undefined)).toBeUndefined();
    expect(acceptOf(rules)).toBe('image/png,image/jpeg,image/gif,image/webp,.pdf');
  });
});
