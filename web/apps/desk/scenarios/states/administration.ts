import * as shelf from '../backups.ts';
import { administrator, afternoon } from '../world.ts';
import type { State } from './state.ts';

/** The pages of administrators. */
export const administration: Record<string, State> = {
  staff: { path: '/staff', world: administrator },
  group: { path: '/staff/group', world: administrator },
  branch: { path: '/staff/branch', world: administrator },
  role: { path: '/staff/role', world: administrator },
  setting: { path: '/setting', world: administrator },
  site: { path: '/site', world: administrator },
  siteEdit: { path: '/site/s1', world: administrator },
  siteMissing: { path: '/site/none', world: administrator },
  audit: { path: '/audit', world: administrator },
  auditFailed: {
    path: '/audit',
    world: () => ({
      ...administrator(),
      refuse: { '/api/v1/audit': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  auditEmpty: { path: '/audit', world: () => ({ ...administrator(), audit: [] }) },
  forbidden: { path: '/audit', world: afternoon },
  backup: { path: '/backup', world: administrator },
  backupTrouble: { path: '/backup', world: () => ({ ...administrator(), backups: shelf.backupsInTrouble }) },
  backupEmpty: {
    path: '/backup',
    world: () => ({ ...administrator(), backups: { ...shelf.backups, last_good_at: undefined, items: [] } }),
  },
  backupNowhere: {
    path: '/backup',
    world: () => ({ ...administrator(), backups: { schedule: '03:00', keep_count: 7, keep_days: 30, items: [] } }),
  },
};
