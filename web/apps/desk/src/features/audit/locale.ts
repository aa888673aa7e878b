import type { Translation } from '../../i18n/index.ts';

export const zh = {
  title: '审计',
  empty: '没有匹配的记录',
  filter: { action: '动作', actionHint: '例如 auth.login', actor: '操作人', apply: '筛选', clear: '清除' },
  column: {
    at: '时间',
    actor: '操作人',
    action: '动作',
    object: '对象',
    result: '结果',
    address: '来源',
    change: '变化',
  },
  done: '成功',
  refused: '被拒绝',
  before: '之前',
  after: '之后',
  system: '系统',
};

export const en: Translation<typeof zh> = {
  title: 'Audit',
  empty: 'No record matches',
  filter: { action: 'Action', actionHint: 'e.g. auth.login', actor: 'Who', apply: 'Filter', clear: 'Clear' },
  column: {
    at: 'Time',
    actor: 'Who',
    action: 'Action',
    object: 'Object',
    result: 'Result',
    address: 'From',
    change: 'Change',
  },
  done: 'Done',
  refused: 'Refused',
  before: 'Before',
  after: 'After',
  system: 'System',
};
