import type { BackupOverview, BackupRun } from '@yingda/api';
import { describe, expect, it } from 'vitest';
import { isRestless, lasted, troubleOf } from './standing.ts';

const now = 1_800_000_000_000;
const hour = 3600_000;
const run = (state: BackupRun['state'], over: Partial<BackupRun> = {}): BackupRun => ({
  id: state,
  state,
  asked_at: now,
  missing: 0,
  is_there: true,
  is_outdated: false,
  ...over,
});
const seen = (over: Partial<BackupOverview>): BackupOverview => ({
  folder: '/backup',
  schedule: '03:00',
  keep_count: 7,
  keep_days: 30,
  items: [],
  ...over,
});

describe('how backups stand', () => {
  it('is told by the gravest trouble', () => {
    const failed = run('failed', { trouble: '磁盘已满' });
    expect(troubleOf(seen({ trouble: '没有挂载', items: [failed] }), now)).toEqual({ kind: 'folder', why: '没有挂载' });
    expect(troubleOf(seen({ items: [run('running'), failed, run('done')] }), now)).toEqual({
      kind: 'failing',
      why: '磁盘已满',
    });
    expect(troubleOf(seen({ items: [run('done'), failed], last_good_at: now - hour }), now)).toBeUndefined();
  });
  it('is late only where one was due every day', () => {
    const at = now - 40 * hour;
    expect(troubleOf(seen({ last_good_at: at }), now)).toEqual({ kind: 'late', at });
    expect(troubleOf(seen({ last_good_at: now - 30 * hour }), now)).toBeUndefined();
    expect(troubleOf(seen({ schedule: '0 3 * * 0', last_good_at: at }), now)).toBeUndefined();
    expect(troubleOf(seen({ schedule: '', last_good_at: at }), now)).toBeUndefined();
  });
  it('is watched while one is under way or tried again', () => {
    const failed = (minutes: number) => run('failed', { finished_at: now - minutes * 60_000 });
    expect(
      [run('running'), run('waiting'), failed(1), failed(11), run('done')].map((one) => isRestless(one, now)),
    ).toEqual([true, true, true, false, false]);
  });
  it('says how long something took', () => {
    expect([300, 42_400, 200_000, 3_900_000].map((ms) => lasted(ms, 'en'))).toEqual([
      '1 sec',
      '42 sec',
      '3 min 20 sec',
      '1 hr 5 min',
    ]);
  });
});
