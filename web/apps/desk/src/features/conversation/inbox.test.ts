import { describe, expect, it } from 'vitest';
import { conversation } from '../../../scenarios/samples.ts';
import { boxOf, compare, hold, matches, urgency, waitsSince } from './inbox.ts';

const served = (id: string, waiting_since?: number, at = 0) =>
  conversation({
    id,
    state: 'served',
    waiting_since,
    last: { seq: 1, kind: 'text', role: 'customer', text: '在吗', at },
  });
const ids = (list: { id: string }[]) => list.map(({ id }) => id);

describe('boxes', () => {
  it('puts a conversation where its owner would look for it', () => {
    const owner = { participant: 2, id: 'me', name: '林晓', away: false };
    expect(boxOf(conversation({ state: 'queued', owner: undefined }), 'me')).toBe('queue');
    expect(boxOf(conversation({ state: 'served', owner }), 'me')).toBe('mine');
    expect(boxOf(conversation({ state: 'served', owner }), 'somebody')).toBe('colleague');
    expect(boxOf(conversation({ state: 'closed', owner }), 'me')).toBe('closed');
  });
});

describe('order', () => {
  it('shows the longest waiting first and those who wait for nobody last', () => {
    const list = [served('answered', undefined, 900), served('late', 500), served('early', 100)];
    expect(ids(list.sort(compare('longest')))).toEqual(['early', 'late', 'answered']);
  });

  it('shows the newest word first when asked to', () => {
    const list = [served('old', 1, 100), served('new', 900, 900)];
    expect(ids(list.sort(compare('newest')))).toEqual(['new', 'old']);
  });

  it('is held while pointed at: rows stay, new ones come below, gone ones leave', () => {
    const [a, b, c] = [served('a'), served('b'), served('c')];
    expect(ids(hold(['c', 'gone', 'a'], [a, b, c]))).toEqual(['c', 'a', 'b']);
  });
});

describe('waiting', () => {
  it('counts from joining the queue, then from the oldest unanswered word', () => {
    expect(waitsSince(conversation({ state: 'queued', queued_at: 5, waiting_since: 3 }))).toBe(5);
    expect(waitsSince(conversation({ state: 'served', queued_at: 5, waiting_since: 30 }))).toBe(30);
    expect(waitsSince(conversation({ state: 'served', waiting_since: undefined }))).toBeUndefined();
    expect(waitsSince(conversation({ state: 'closed', waiting_since: 30 }))).toBeUndefined();
  });

  it('turns amber from 30 seconds and red after a minute', () => {
    expect([29_999, 30_000, 60_000, 60_001].map((ms) => urgency(ms))).toEqual(['calm', 'amber', 'amber', 'red']);
  });
});

it('filters by name without minding case', () => {
  const sample = conversation({ customer: { id: '1', name: '访客 7F3A' } });
  expect(matches(sample, ' 7f3a ')).toBe(true);
  expect(matches(sample, '周')).toBe(false);
});
