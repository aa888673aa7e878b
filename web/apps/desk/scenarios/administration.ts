import type {
  AuditRow,
  AuditWords,
  Branch,
  ChainState,
  Group,
  Role,
  Setting,
  Site,
  SiteEvent,
  SiteSecret,
  Staff,
} from '@yingda/api';
import { noon } from './samples.ts';

export const branches: Branch[] = [
  { id: 'zj', name: '浙江省公司' },
  { id: 'hz', name: '杭州分公司', parent: 'zj' },
  { id: 'nb', name: '宁波分公司', parent: 'zj' },
  { id: 'js', name: '江苏省公司' },
];
export const groups: Group[] = [
  { id: 'g1', name: '宽带与装维', branch: 'hz', is_active: true, members: 6 },
  { id: 'g2', name: '套餐与账单', branch: 'zj', is_active: true, members: 9 },
  { id: 'g3', name: '投诉建议', is_active: true, members: 3 },
  { id: 'g4', name: '携号转网专席', is_active: false, members: 0 },
];
export const roles: Role[] = [
  {
    id: 'r1',
    name: 'agent',
    is_builtin: true,
    permissions: ['conversation.view', 'conversation.serve', 'conversation.note', 'customer.view', 'staff.view'],
  },
  {
    id: 'r2',
    name: 'supervisor',
    is_builtin: true,
    permissions: [
      'conversation.view',
      'conversation.serve',
      'conversation.note',
      'customer.view',
      'staff.view',
      'conversation.end_any',
      'conversation.see_recalled',
    ],
  },
  {
    id: 'r3',
    name: 'system_admin',
    is_builtin: true,
    permissions: ['setting.view', 'setting.manage', 'group.manage', 'branch.manage', 'staff.view'],
  },
  {
    id: 'r4',
    name: '投诉专员',
    is_builtin: false,
    permissions: ['conversation.view', 'conversation.serve', 'conversation.note', 'conversation.end_any'],
  },
];
const person = (id: string, login: string, name: string, over: Partial<Staff> = {}): Staff => ({
  id,
  login,
  name,
  groups: ['g1'],
  roles: ['r1'],
  scopes: [],
  max_conversations: 8,
  is_active: true,
  rev: 1,
  created_at: noon,
  branch: 'hz',
  ...over,
});
export const staff: Staff[] = [
  person('me', '0716', '林晓'),
  person('chen', '0717', '陈立', { groups: ['g1', 'g3'], roles: ['r1', 'r4'], max_conversations: 5 }),
  person('wang', '0718', '王珊', {
    roles: ['r2'],
    groups: ['g1', 'g2'],
    scopes: [{ kind: 'branch', target: 'zj' }],
    branch: 'zj',
  }),
  person('he', 'hemin', '何敏', { roles: ['r3'], groups: [], branch: undefined, max_conversations: 0 }),
  person('old', '0702', '顾平', { is_active: false, groups: [] }),
];
export const settings: Setting[] = [
  {
    key: 'conversation.reopen_hours',
    name: '可重新打开的时限',
    about: '会话结束后多少小时内可以重新打开，0–168',
    is_security: false,
    scopes: ['operator', 'group'],
    default: 24,
    values: [
      { scope: 'operator', value: 48, version: 2, changed_at: noon - 86_400_000, changed_by: 'he' },
      { scope: 'group', target: 'g3', value: 72, version: 1, changed_at: noon - 3_600_000, changed_by: 'he' },
    ],
  },
  {
    key: 'file.image_mb',
    name: '图片大小上限',
    about: '访客和坐席上传的一张图片最多多少 MiB，1–10',
    is_security: false,
    scopes: ['operator'],
    default: 10,
    values: [],
  },
  {
    key: 'message.preview',
    name: '正在输入的内容',
    about: '坐席是否可以看到客户正在输入、还没有发送的内容',
    is_security: false,
    scopes: ['operator', 'site'],
    default: false,
    values: [],
  },
];
const did = (
  id: string,
  minutes: number,
  [action, action_name]: [string, string],
  object: AuditRow['object'],
  over: Partial<AuditRow> = {},
): AuditRow => ({
  id,
  at: noon - minutes * 60_000,
  actor: { kind: 'staff', id: '7001', name: '何敏', session: '88120', method: 'code' },
  action,
  action_name,
  object,
  result: 'done',
  address: '10.20.3.14',
  request: `r-${id}`,
  seq: 5230 - minutes,
  hash: 'd1d340947da1863e14d32582c83d00113443dd37f97f8fe2b76b81b8b39df529',
  is_erased: false,
  ...over,
});
const su = { kind: 'staff', kind_name: '员工', id: '7301', name: '苏晴' };
export const audit: AuditRow[] = [
  did('a1', 2, ['staff.update', '修改员工账号'], su, {
    seq: undefined,
    hash: undefined,
    before: { name: '苏晴', max_conversations: 5, groups: ['g1'] },
    after: { name: '苏晴', max_conversations: 8, groups: ['g1', 'g2'] },
  }),
  did('a2', 9, ['staff.end_sessions', '结束员工的全部登录'], su, { after: { ended: 2 } }),
  did(
    'a3',
    31,
    ['auth.login', '登录'],
    { kind: 'staff', kind_name: '员工', id: '' },
    {
      result: 'refused',
      code: 'auth.login_refused',
      why: '账号或密码不对',
      actor: { kind: 'anonymous', id: '0', name: '', method: '' },
      address: '10.20.8.77',
      after: { call: 'POST /api/v1/auth/login' },
    },
  ),
  did(
    'a4',
    66,
    ['setting.set', '修改设置'],
    { kind: 'setting', kind_name: '设置', id: 'conversation.reopen_hours', name: '结束后多久内可续聊（小时）' },
    { before: 24, after: 48 },
  ),
  did(
    'a5',
    71,
    ['customer.update', '修改客户资料'],
    { kind: 'customer', kind_name: '客户', id: '62009' },
    {
      is_erased: true,
      address: '',
      actor: { kind: 'staff', id: '7301', name: '', session: '88001', method: 'password' },
    },
  ),
  did(
    'a6',
    500,
    ['audit.prune', '清除到期的审计记录'],
    { kind: 'audit', kind_name: '审计日志', id: '3' },
    {
      actor: { kind: 'program', id: '0', name: 'audit.prune', method: '' },
      address: '',
      after: { days: 365, chain_seq: 3 },
    },
  ),
];
export const words: AuditWords = {
  actions: [
    { code: 'auth.login', name: '登录' },
    { code: 'auth.logout', name: '退出登录' },
    { code: 'setting.set', name: '修改设置' },
    { code: 'staff.update', name: '修改员工账号' },
    { code: 'staff.end_sessions', name: '结束员工的全部登录' },
  ],
  objects: [
    { code: 'customer', name: '客户' },
    { code: 'setting', name: '设置' },
    { code: 'staff', name: '员工' },
  ],
};
export const chain: ChainState = {
  sealed_seq: 5228,
  sealed_at: noon - 120_000,
  unsealed: 1,
  anchored: { seq: 5221, at: noon - 540_000 },
  forgotten_seq: 3,
};
export const found = {
  records: 5225,
  upto: 5228,
  findings: [
    {
      code: 'audit.fault.changed',
      seq: 5199,
      text: '审计链第 5199 条（记录 40117）与封存时不符：它本身或前一条的哈希被改动',
    },
    { code: 'audit.fault.removed', seq: 5203, text: '审计链第 5203 至 5204 条共 2 条记录被删除' },
  ],
};

const site = (id: string, key: string, name: string, over: Partial<Site> = {}): Site =>
  ({
    id,
    key,
    name,
    group: 'g1',
    is_active: true,
    rev: 3,
    hot_questions: [],
    origins: [],
    translations: {},
    preview: false,
    care: false,
    groups: [],
    launcher: { side: 'right', x: 24, y: 24, shape: 'circle' },
    ...over,
  }) as Site;
/** Stands for a picture the server made: words in dark red, nothing around them. */
const LOGO = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 64"><circle cx="32" cy="32" r="26" fill="#c8102e"/><path d="M14 40q18-22 36 0" fill="none" stroke="#fff" stroke-width="5"/><text x="70" y="46" font-size="38" font-weight="700" textLength="164" lengthAdjust="spacingAndGlyphs" fill="#5b0a18">XINGQIAO</text></svg>')}`;
export const sites: Site[] = [
  site('s1', 'xingqiao', '星桥网上营业厅', {
    title: '星桥客服',
    greeting: '您好，这里是星桥客服，请问遇到了什么问题？',
    locale: 'zh-CN',
    hot_questions: ['这个月话费变多了', '宽带网速很慢', '流量用完怎么算', '携号转网资格'],
    origins: ['https://www.xingqiao.example', 'https://*.hall.xingqiao.example'],
    brand: '#c8102e',
    logo: { id: 'k2vQ8s', url: LOGO, width: 240, height: 64 },
    groups: ['g2', 'g3'],
    branch: 'zj',
    translations: { en: { title: 'Xingqiao Support', greeting: 'What can we help you with?', hot_questions: [] } },
  }),
  site('s2', 'mall', '星桥商城', { group: 'g2', is_active: false }),
];
export const siteSecrets: SiteSecret[] = [
  { id: 'k2', created_at: noon - 2 * 86_400_000, created_by: 'he', used_at: noon - 240_000 },
  { id: 'k1', created_at: noon - 90 * 86_400_000, created_by: 'he', retired_at: noon - 86_400_000 },
];
export const siteEvents: SiteEvent[] = [
  {
    id: 'e2',
    at: noon - 3_600_000,
    by: '何敏',
    action: 'site.update',
    before: { ...sites[0], brand: '#1a66ff', groups: ['g2'], care: true, rev: 2 },
    after: { ...sites[0] },
  },
  { id: 'e1', at: noon - 86_400_000, by: '何敏', action: 'site.secret_retire', after: { site: 's1', secret: 'k1' } },
];
