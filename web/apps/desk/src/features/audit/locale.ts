import type { Translation } from '../../i18n/index.ts';

export const zh = {
  title: '审计',
  empty: '没有匹配的记录',
  filter: {
    action: '动作的开头',
    actionHint: '动作，例如 auth.',
    result: '结果',
    all: '全部结果',
    only: '只看 {name}',
    clear: '不再只看 {name}',
    apply: '筛选',
  },
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
  nobody: '未登录',
};

export const en: Translation<typeof zh> = {
  title: 'Audit',
  empty: 'No record matches',
  filter: {
    action: 'Action begins with',
    actionHint: 'Action, e.g. auth.',
    result: 'Result',
    all: 'All results',
    only: 'Only {name}',
    clear: 'No longer only {name}',
    apply: 'Filter',
  },
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
  nobody: 'Not signed in',
};
