import { describe, expect, it } from 'vitest';
import { changes } from './changes.ts';

describe('changes of a record', () => {
  it('are only what differs, without what nobody asks for', () => {
    const before = { id: '1', rev: 1, created_at: 5, name: '苏晴', max_conversations: 5, groups: ['a'] };
    expect(changes(before, { ...before, rev: 2, max_conversations: 7, groups: ['a', 'b'] })).toEqual([
      { field: 'max_conversations', before: '5', after: '7' },
      { field: 'groups', before: 'a', after: 'a, b' },
    ]);
  });
  it('of something new are what it has', () => {
    expect(changes(undefined, { id: '1', name: '测试组', branches: [] })).toEqual([{ field: 'name', after: '测试组' }]);
  });
  it('of a bare value are that value', () => {
    expect(changes(24, 48)).toEqual([{ field: '', before: '24', after: '48' }]);
    expect(changes(undefined, undefined)).toEqual([]);
  });
});
