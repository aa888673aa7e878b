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
import { conversation, entry, item, noon, outgoing, pending } from './samples.ts';

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
const mine = { participant: 2, id: 'me', name: '林晓', away: false };
const other = { participant: 2, id: 'chen', name: '陈立', away: false };
const ago = (seconds: number) => noon - seconds * 1000;

const last = (text: string, seconds: number, role: 'customer' | 'agent' = 'customer', kind = 'text') => ({
  seq: 9,
  kind,
  role,
  text,
  at: ago(seconds),
});

const conversations: Conversation[] = [
  conversation({
    id: 'c1',
    owner: mine,
    epoch: 3,
    customer: { id: 'u1', name: '周女士' },
    subject: '宽带报障',
    waiting_since: ago(42),
    last: last('还是很慢，晚上七点还有会，今天能修好吗？', 42),
    page: { url: 'https://demo.example/help/slow', title: '宽带报障' },
    branch: { id: 'b1', name: '浙江杭州' },
  }),
  conversation({
    id: 'c2',
    owner: mine,
    customer: { id: 'u2', name: '138****5678' },
    subject: '投诉',
    waiting_since: ago(136),
    unread: 3,
    last: last('到底什么时候给我处理？已经三天了', 136),
    channel: { id: 'x', kind: 'wechat', name: '微信' },
  }),
  conversation({
    id: 'c3',
    owner: mine,
    customer: { id: 'u3', name: '李先生' },
    waiting_since: ago(58),
    unread: 1,
    last: last('流量怎么一下子就没有了', 58),
    channel: { id: 'x', kind: 'app', name: '手机营业厅' },
  }),
  conversation({
    id: 'c4',
    owner: mine,
    customer: { id: 'u4', name: '王女士' },
    waiting_since: ago(21),
    unread: 1,
    last: last('十月账单截图.png', 21, 'customer', 'image'),
    channel: { id: 'x', kind: 'mail', name: '邮件' },
  }),
  conversation({
    id: 'c5',
    owner: mine,
    customer: { id: 'u5', name: '赵先生' },
    waiting_since: ago(12),
    last: last('好的，我找一下', 12),
  }),
  conversation({
    id: 'c6',
    owner: mine,
    customer: { id: 'u6', name: '孙女士' },
    draft: '已为您核对，国际漫游从 11 月 12 日起',
    last: last('麻烦查一下国际漫游', 240, 'agent'),
  }),
  conversation({
    id: 'c7',
    owner: mine,
    customer: { id: 'u7', name: '访客 7F3A' },
    last: last('请问您还在吗？', 540, 'agent'),
  }),
  conversation({
    id: 'q1',
    state: 'queued',
    customer: { id: 'u8', name: '访客 C21E' },
    subject: '宽带故障',
    queued_at: ago(41),
    position: 1,
    last: last('网络一直断，急', 41),
  }),
  conversation({
    id: 'q2',
    state: 'queued',
    customer: { id: 'u9', name: '访客 90B7' },
    queued_at: ago(18),
    position: 2,
    last: last('转人工', 18),
    group: { id: 'g2', name: '套餐与账单' },
  }),
  conversation({
    id: 'q3',
    state: 'queued',
    customer: { id: 'u10', name: '吴先生' },
    subject: '携号转网',
    queued_at: ago(6),
    position: 3,
    last: last('想问携号转网的条件', 6),
  }),
  conversation({
    id: 'k1',
    owner: other,
    customer: { id: 'u11', name: '郑先生' },
    waiting_since: ago(8),
    last: last('装维师傅几点到', 8),
  }),
  conversation({
    id: 'k2',
    owner: { ...other, id: 'wang', name: '王珊', away: true },
    customer: { id: 'u12', name: '冯女士' },
    last: last('好的，谢谢', 300),
  }),
];

const customer = { participant: 1, role: 'customer', name: '周女士' } as const;
const agent = { participant: 2, role: 'agent', name: '林晓' } as const;
const at = (hour: number, minute: number, second = 0) => new Date(2026, 10, 20, hour, minute, second).getTime();

const thread: ThreadItem[] = [
  item(
    entry({
      seq: 1,
      kind: 'system',
      body: { code: 'opened', params: { group: '宽带与装维' } },
      author: { participant: 0, role: 'system', name: '' },
      at: at(14, 26),
    }),
  ),
  item(entry({ seq: 2, body: { text: '宽带从中午开始特别慢，视频会议一直卡' }, author: customer, at: at(14, 26, 10) })),
  item(
    entry({
      seq: 3,
      body: {
        text: '您所在小区没有大面积故障。请把光猫断电 30 秒再打开，用网线连电脑测一次速。如果还是慢，我帮您报修。',
      },
      author: { participant: 3, role: 'bot', name: '机器人' },
      at: at(14, 27),
    }),
  ),
  item(entry({ seq: 4, body: { text: '试过了没用，转人工' }, author: customer, at: at(14, 31) })),
  item(
    entry({
      seq: 5,
      kind: 'system',
      body: { code: 'assigned', params: { name: '林晓', participant: 2 } },
      author: { participant: 0, role: 'system', name: '' },
      at: at(14, 31, 30),
    }),
  ),
  item(
    entry({
      seq: 6,
      body: { text: '周女士您好，我是林晓。前面的情况我都看到了，先给您测一下线路。' },
      author: agent,
      at: at(14, 32),
    }),
    'read',
  ),
  item(
    entry({
      seq: 7,
      kind: 'card',
      body: {
        card: {
          type: 'order',
          number: 'XQ20261120-0311',
          title: '线路检测',
          status: '2 项异常',
          rows: [
            { label: '上网会话', value: '已连续在线 6 天 2 小时' },
            { label: '接收光功率', value: '−27.8 dBm（偏弱）' },
            { label: '协商速率', value: '100 / 1000 Mbps' },
          ],
        },
      },
      author: agent,
      at: at(14, 33),
      fallback: '线路检测：2 项异常',
    }),
    'read',
  ),
  item(
    entry({
      seq: 8,
      kind: 'note',
      body: { text: '光衰到临界了，网线也像是四芯的，建议直接上门，别再让客户重启。' },
      author: { participant: 4, role: 'agent', name: '陈立' },
      at: at(14, 34),
    }),
  ),
  item(entry({ seq: 9, recalled: true, body: undefined, author: agent, at: at(14, 34, 20) }), 'delivered'),
  item(
    entry({
      seq: 10,
      body: { text: '还是很慢，晚上七点还有会，今天能修好吗？' },
      author: customer,
      at: at(14, 35, 18),
    }),
  ),
];

/** A drawing in place of a photo. */
const drawing = (colour: string, width: number, height: number, label: string) => ({
  file: `f-${label}`,
  width,
  height,
  url: `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${colour}"/><rect x="20%" y="30%" width="60%" height="40%" rx="24" fill="#1d2530"/><circle cx="30%" cy="50%" r="18" fill="#43b076"/><circle cx="42%" cy="50%" r="18" fill="#f0703f"/></svg>`)}`,
});
const withFiles: ThreadItem[] = [
  ...thread.slice(0, 6),
  item(entry({ seq: 7, kind: 'image', body: drawing('#8fb8d8', 640, 400, 'front'), author: customer, at: at(14, 33) })),
  item(
    entry({ seq: 8, kind: 'image', body: drawing('#c9b79a', 400, 640, 'back'), author: customer, at: at(14, 33, 20) }),
  ),
  item(
    entry({
      seq: 9,
      kind: 'file',
      body: {
        file: 'd1',
        name: '2026年10月宽带测速与光功率检测报告（杭州西湖区文三路）.pdf',
        bytes: 1_482_310,
        media_type: 'application/pdf',
      },
      author: customer,
      at: at(14, 34),
    }),
  ),
  item(
    entry({
      seq: 10,
      kind: 'file',
      body: { file: 'd2', name: '上门预约单.docx', bytes: 38_912, media_type: 'application/msword' },
      author: agent,
      at: at(14, 35),
    }),
    'read',
  ),
  item(
    entry({ seq: 11, kind: 'image', body: drawing('#dfe9f0', 900, 500, 'plan'), author: agent, at: at(14, 35, 18) }),
    'read',
  ),
];

function view(id: string, items: ThreadItem[], over: Partial<ThreadView> = {}): ThreadView {
  return { conversation: id, items, loaded: true, hasOlder: false, held: items.length, typing: [], unread: 0, ...over };
}

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

const withThread = (world: World, id: string, items: ThreadItem[], over: Partial<ThreadView> = {}): World => ({
  ...world,
  threads: { ...world.threads, [id]: view(id, items, over) },
});
const change = (world: World, id: string, over: Partial<Conversation>): World => ({
  ...world,
  inbox: {
    ...world.inbox,
    conversations: world.inbox.conversations.map((one) => (one.id === id ? { ...one, ...over } : one)),
  },
});

const administrator = (): World => ({
  ...afternoon(),
  me: { ...me, name: '何敏', login: 'hemin', permissions: [...permissions] },
});

const supervisor = (): World => ({
  ...afternoon(),
  me: { ...me, permissions: [...me.permissions, 'erasure.perform'] },
});

/** Every state that is drawn: what differs from the afternoon, and which page is open. */
export const scenarios: Record<string, { path: string; world: () => World }> = {
  login: { path: '/login', world: () => ({ ...afternoon(), me: undefined }) },
  refused: {
    path: '/login',
    world: () => ({
      ...afternoon(),
      me: undefined,
      refuse: { '/api/v1/auth/login': { status: 401, code: 'login_failed', title: '账号或密码不正确' } },
    }),
  },
  password: { path: '/password', world: () => ({ ...afternoon(), me: { ...me, must_change_password: true } }) },
  work: { path: '/conversation/c1', world: afternoon },
  typing: {
    path: '/conversation/c1',
    world: () =>
      withThread(afternoon(), 'c1', thread, {
        typing: [{ participant: 1, role: 'customer' }],
        preview: '能不能六点前来，我六点半要出',
      }),
  },
  full: { path: '/conversation/c1', world: () => ({ ...afternoon(), presence: { ...afternoon().presence, load: 8 } }) },
  files: { path: '/conversation/c1', world: () => withThread(afternoon(), 'c1', withFiles) },
  returned: {
    path: '/conversation/c1',
    world: () => ({
      ...withThread(change(afternoon(), 'c1', { owner: other }), 'c1', thread),
      refusals: [
        {
          code: 'not_owner',
          message: '会话已由陈立接待',
          details: { draft: true, owner: '陈立' },
          outgoing: outgoing({
            conversation: 'c1',
            content: { kind: 'text', body: { text: '可以的，师傅今天 17:30 到 18:30 上门。' } },
          }),
        },
      ],
    }),
  },
  unopened: {
    path: '/conversation/none',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation/none': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  listFailed: {
    path: '/conversation',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  unstarted: {
    path: '/conversation',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/auth/me': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  starting: { path: '/conversation', world: () => ({ ...afternoon(), refuse: { '/api/v1/auth/me': 'never' } }) },
  ended: {
    path: '/conversation/c1',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation/c1/draft': { status: 401, code: 'session_revoked', title: '登录已结束' } },
    }),
  },
  strained: {
    path: '/conversation/c1',
    world: () => ({ ...afternoon(), presence: { ...afternoon().presence, strain: 2 } }),
  },
  calm: { path: '/conversation', world: () => ({ ...afternoon(), presence: { ...afternoon().presence, load: 8 } }) },
  empty: {
    path: '/conversation',
    world: () => ({
      ...afternoon(),
      presence: { ...afternoon().presence, load: 0 },
      inbox: { conversations: [], counts: { mine: 0, queue: 0, colleague: 0 }, truncated: false, loaded: true },
    }),
  },
  offline: {
    path: '/conversation/c1',
    world: () => {
      const waiting = pending({
        clientId: 'w1',
        content: {
          kind: 'text',
          body: { text: '可以的。装维师傅今天 17:30 到 18:30 上门，我来盯着，修好后给您回电。' },
        },
      });
      const world = withThread(afternoon(), 'c1', [...thread, waiting]);
      return {
        ...world,
        sync: { phase: 'reconnecting', provenAt: noon - 48_000, retryAt: noon + 8000 },
        outgoing: [waiting.outgoing!],
      };
    },
  },
  failed: {
    path: '/conversation/c1',
    world: () => {
      const refused = pending(
        {
          clientId: 'w1',
          content: { kind: 'text', body: { text: '可以的，今天 17:30 到 18:30 上门。' } },
          error: { code: 'rate_limited', message: '' },
        },
        'failed',
      );
      const sending = pending(
        { clientId: 'w2', content: { kind: 'text', body: { text: '修好后给您回电。' } } },
        'sending',
      );
      return { ...withThread(afternoon(), 'c1', [...thread, refused, sending]), outgoing: [refused.outgoing!] };
    },
  },
  queued: { path: '/conversation/q1', world: () => withThread(afternoon(), 'q1', thread.slice(0, 4)) },
  colleague: { path: '/conversation/k1', world: () => withThread(afternoon(), 'k1', thread) },
  away: { path: '/conversation/k2', world: () => withThread(afternoon(), 'k2', thread) },
  closed: {
    path: '/conversation/c1',
    world: () =>
      withThread(
        change(afternoon(), 'c1', { state: 'closed', close_reason: 'customer', closed_at: noon, previous: 'h1' }),
        'c1',
        [
          ...thread,
          item(
            entry({
              seq: 11,
              kind: 'system',
              body: { code: 'closed', params: { by: 'customer', reason: 'customer' } },
              author: { participant: 0, role: 'system', name: '' },
              at: noon,
            }),
          ),
        ],
      ),
  },
  loading: {
    path: '/conversation/c1',
    world: () => ({
      ...withThread(afternoon(), 'c1', [], { loaded: false }),
      inbox: { conversations: [], truncated: false, loaded: false },
      refuse: { '/api/v1/customer/u1': 'never' },
    }),
  },
  opening: {
    path: '/conversation/c1',
    world: () => ({
      ...withThread(afternoon(), 'c1', [], { loaded: false }),
      refuse: { '/api/v1/customer/u1': 'never' },
    }),
  },
  missing: {
    path: '/conversation/none',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation/none': { status: 404, code: 'not_found', title: '找不到这个会话' } },
    }),
  },
  profileFailed: {
    path: '/conversation/c1',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/customer/u1': { status: 500, code: 'internal', title: '服务器出错了' } },
    }),
  },
  erase: { path: '/conversation/c1', world: supervisor },
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
  auditEmpty: { path: '/audit', world: () => ({ ...administrator(), audit: [] }) },
  forbidden: { path: '/audit', world: afternoon },
  many: {
    path: '/conversation/m0',
    world: () => {
      const many = Array.from({ length: 10_000 }, (_, n) =>
        conversation({
          id: `m${n}`,
          owner: mine,
          customer: { id: `v${n}`, name: `访客 ${n.toString(16).toUpperCase().padStart(4, '0')}` },
          waiting_since: ago(n % 200),
          last: last('在吗', n % 200),
        }),
      );
      const long = Array.from({ length: 400 }, (_, n) =>
        item(
          entry({
            conversation: 'm0',
            seq: n + 1,
            body: { text: `第 ${n + 1} 条：光猫的灯是红的，帮我看看` },
            at: noon - (400 - n) * 30_000,
            author: n % 3 ? customer : agent,
          }),
          n % 3 ? undefined : 'read',
        ),
      );
      return {
        ...withThread(afternoon(), 'm0', long),
        inbox: { conversations: many, counts: { mine: 10_000, queue: 0, colleague: 0 }, truncated: true, loaded: true },
      };
    },
  },
};
