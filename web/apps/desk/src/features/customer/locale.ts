import type { Translation } from '../../i18n/index.ts';

export const zh = {
  panel: '客户资料',
  tab: '资料',
  region: '辅助区',
  collapse: '收起客户资料',
  expand: '展开客户资料',
  firstSeen: '首次来访',
  lastSeen: '最近来访',
  facts: '资料',
  history: '近期接触',
  historyEmpty: '这是第一次接触',
  now: '本次',
  subject: '在线咨询',
  state: { queued: '排队中', served: '接待中', closed: '已结束' },
  failed: '客户资料没有加载出来',
};

export const en: Translation<typeof zh> = {
  panel: 'Customer',
  tab: 'Profile',
  region: 'Side panel',
  collapse: 'Collapse customer panel',
  expand: 'Expand customer panel',
  firstSeen: 'First visit',
  lastSeen: 'Last visit',
  facts: 'Facts',
  history: 'Recent contacts',
  historyEmpty: 'This is the first contact',
  now: 'This one',
  subject: 'Web chat',
  state: { queued: 'Waiting', served: 'In service', closed: 'Closed' },
  failed: 'The customer profile did not load',
};
