import { describe, expect, it } from 'vitest';
import { everything, hidden, wanted } from './filter.ts';

const now = new Date(2026, 10, 20, 13, 5).getTime();
const at = (day: number, hour = 0) => new Date(2026, 10, day, hour).getTime();

describe('what is looked for', () => {
  it('is everything at first', () => {
    expect(wanted(everything(), now)).toEqual({});
    expect(hidden(everything())).toBe(0);
  });
  it('is whole days of the reader', () => {
    const from = (period: 'today' | 'week') => wanted({ ...everything(), period }, now);
    expect(from('today')).toEqual({ from: at(20) });
    expect(from('week')).toEqual({ from: at(14) });
    const own = { ...everything(), period: 'own' as const, from: '2026-11-03', to: '2026-11-05' };
    expect(wanted(own, now)).toEqual({ from: at(3), to: at(6) - 1 });
    expect(wanted({ ...own, to: '' }, now)).toEqual({ from: at(3) });
    expect(wanted({ ...own, period: 'any' }, now)).toEqual({});
  });
  it('is an account by its id, and others by their kind', () => {
    const by = (actor: { id: string; kind: string; name: string }) => wanted({ ...everything(), actor }, now);
    expect(by({ id: '7', kind: 'staff', name: '何敏' })).toEqual({ actor: '7' });
    expect(by({ id: '0', kind: 'program', name: 'audit.prune' })).toEqual({ actor_kind: 'program' });
  });
  it('counts what is folded away', () => {
    const filter = { ...everything(), object: 'staff', objectId: ' ', address: '10.0.0.1' };
    expect(wanted(filter, now)).toEqual({ object: 'staff', address: '10.0.0.1' });
    expect(hidden(filter)).toBe(2);
  });
});
