import type { Conversation } from '@yingda/realtime';
import { expect, it } from 'vitest';
import { alertsBetween } from './signal.ts';

const one = (id: string, more: Partial<Conversation> = {}) =>
  ({
    id,
    state: 'served',
    owner: { participant: 2, id: 'me', name: '林晓', away: false },
    unread: 0,
    ...more,
  }) as Conversation;
const queued = (id: string) => one(id, { state: 'queued', owner: undefined });
const signals = (before: Conversation[], after: Conversation[], then = 0, now = 0) =>
  alertsBetween(before, after, 'me', { since: then, now }).map(
    ({ signal, conversation }) => `${signal} ${conversation.id}`,
  );

it('tells of a conversation that comes, not of one that is there', () => {
  expect(signals([], [one('a'), queued('b')])).toEqual(['conversation a', 'conversation b']);
  expect(signals([queued('a')], [one('a')])).toEqual(['conversation a']);
  expect(signals([one('a'), queued('b')], [one('a'), queued('b')])).toEqual([]);
});

it('tells of new words in what is mine alone', () => {
  expect(signals([one('a', { unread: 1 })], [one('a', { unread: 2 })])).toEqual(['message a']);
  expect(signals([one('a', { unread: 2 })], [one('a', { unread: 0 })])).toEqual([]);
  const theirs = { owner: { participant: 3, id: 'you', name: '陈立', away: false } };
  expect(signals([one('a', theirs)], [one('a', { ...theirs, unread: 3 })])).toEqual([]);
});

it('tells once of a customer who waits too long', () => {
  const late = one('a', { waiting_since: 1_000 });
  expect(signals([late], [late], 60_000, 61_000)).toEqual(['waiting a']);
  expect(signals([late], [late], 61_000, 62_000)).toEqual([]);
});
