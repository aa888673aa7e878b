import type { AuditRow, BackupOverview, Branch, Customer, Group, Me, Role, Setting, Site, Staff } from '@yingda/api';
import type {
  Conversation,
  InboxView,
  Outgoing,
  OwnPresence,
  RealtimeEvents,
  SyncState,
  ThreadItem,
  ThreadView,
} from '@yingda/realtime';
import { permissions } from '../src/features/staff/permissions.ts';
import * as administration from './administration.ts';
import * as shelf from './backups.ts';
import { ago, conversations } from './conversations.ts';
import { noon } from './samples.ts';
import { at, thread, view } from './threads.ts';

/** One invented afternoon at the desk of 林晓, the same in every picture. */
export interface World {
  me?: Me;
  sync: SyncState;
  presence: OwnPresence;
  inbox: InboxView;
  threads: Record<string, ThreadView>;
  outgoing: Outgoing[];
  customer: Customer;
  staff: Staff[];
  roles: Role[];
  groups: Group[];
  branches: Branch[];
  settings: Setting[];
  sites: Site[];
  audit: AuditRow[];
  backups: BackupOverview;
  /** What the server would not take, told as soon as the link starts. */
  refusals?: RealtimeEvents['refused'][];
  /** Paths that do not answer, or answer with a problem. */
  refuse: Record<string, { status: number; code: string; title: string } | 'never'>;
}

export const me: Me = {
  id: 'me',
  login: '0716',
  name: '林晓',
  groups: [{ id: 'g1', name: '宽带与装维' }],
  max_conversations: 8,
  must_change_password: false,
  must_enrol: false,
  proves_by: 'password',
  permissions: ['conversation.view', 'conversation.serve', 'conversation.note', 'customer.view'],
};

export function afternoon(): World {
  return {
    me,
    sync: { phase: 'online', provenAt: noon - 2000, transport: 'socket' },
    presence: { accepting: true, visible: true, connected: true, load: 7, limit: 8 },
    inbox: { conversations, counts: { mine: 7, queue: 3, colleague: 41 }, truncated: false, loaded: true },
    threads: {
      c1: view('c1', thread),
      c5: view('c5', [], { typing: [{ participant: 1, role: 'customer' }] }),
    },
    outgoing: [],
    customer: {
      id: 'u1',
      name: '周女士',
      tags: ['千兆宽带', '居家办公', '偏好文字'],
      facts: [
        { label: '手机号', value: '138****5678' },
        { label: '地区', value: '浙江杭州' },
        { label: '套餐', value: '畅享融合 199 档' },
        { label: '宽带', value: 'hz0571****217 · 1000M' },
      ],
      first_seen_at: new Date(2019, 7, 2).getTime(),
      last_seen_at: ago(42),
      conversations: [
        { id: 'c1', opened_at: at(14, 26), state: 'served', subject: '宽带报障' },
        {
          id: 'h1',
          opened_at: new Date(2026, 10, 18, 9).getTime(),
          closed_at: 1,
          state: 'closed',
          subject: '十月账单',
        },
        { id: 'h2', opened_at: new Date(2026, 10, 2, 9).getTime(), closed_at: 1, state: 'closed', subject: '换光猫' },
        { id: 'h3', opened_at: new Date(2025, 9, 21, 9).getTime(), closed_at: 1, state: 'closed' },
      ],
    },
    ...administration,
    backups: shelf.backups,
    refuse: {},
  };
}

export const withThread = (world: World, id: string, items: ThreadItem[], over: Partial<ThreadView> = {}): World => ({
  ...world,
  threads: { ...world.threads, [id]: view(id, items, over) },
});
export const change = (world: World, id: string, over: Partial<Conversation>): World => ({
  ...world,
  inbox: {
    ...world.inbox,
    conversations: world.inbox.conversations.map((one) => (one.id === id ? { ...one, ...over } : one)),
  },
});

export const administrator = (): World => ({
  ...afternoon(),
  me: { ...me, name: '何敏', login: 'hemin', permissions: [...permissions] },
});

export const supervisor = (): World => ({
  ...afternoon(),
  me: { ...me, permissions: [...me.permissions, 'erasure.perform'] },
});
