import type { BackupOverview, BackupRun } from '@yingda/api';
import { noon } from './samples.ts';

const HOUR = 3600_000;
const tonight = noon - (noon % (24 * HOUR)) - 5 * HOUR;
const run = (nights: number, over: Partial<BackupRun> = {}): BackupRun => ({
  id: `b${nights}`,
  state: 'done',
  asked_at: tonight - nights * 24 * HOUR,
  started_at: tonight - nights * 24 * HOUR,
  finished_at: tonight - nights * 24 * HOUR + 94_000,
  took_ms: 94_000 - nights * 1300,
  file: `yingda-202611${String(19 - nights).padStart(2, '0')}-190000.tar.zst`,
  bytes: 412_600_000 - nights * 3_100_000,
  missing: 0,
  is_there: true,
  is_outdated: false,
  ...over,
});
/** A good month: one by hand, one that failed, one that somebody has moved away. */
export const backups: BackupOverview = {
  folder: '/backup/yingda',
  free_bytes: 186_000_000_000,
  schedule: '03:00',
  next_at: tonight + 24 * HOUR,
  last_good_at: tonight + 94_000,
  keep_count: 7,
  keep_days: 30,
  items: [
    run(0),
    run(1, { missing: 2 }),
    run(2, { asked_by: '吴昊', asked_at: tonight - 40 * HOUR, started_at: tonight - 40 * HOUR }),
    run(3, {
      state: 'failed',
      bytes: undefined,
      is_there: false,
      took_ms: 2100,
      trouble: '备份所在的磁盘空间不够：需要约 980 MiB，只剩 212 MiB',
    }),
    run(4, { is_there: false }),
    ...[5, 6, 7].map((nights) => run(nights)),
    run(8, { is_outdated: true, is_there: false }),
  ],
};
/** Under way, after a failure, on a disk that is not there any more. */
export const backupsInTrouble: BackupOverview = {
  ...backups,
  free_bytes: undefined,
  trouble: '备份目录不存在或不是目录，可能是磁盘没有挂载',
  next_at: undefined,
  schedule: '',
  items: [
    run(0, {
      state: 'running',
      bytes: undefined,
      took_ms: undefined,
      finished_at: undefined,
      is_there: false,
      asked_by: '吴昊',
    }),
    ...backups.items.slice(3),
  ],
};
