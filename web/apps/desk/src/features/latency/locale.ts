import type { Translation } from '../../i18n/index.ts';

export const zh = {
  title: '响应时间',
  span: '统计范围',
  spans: { minutes: '最近 5 分钟', hour: '最近 1 小时' },
  sending: '消息发送各环节',
  requests: '接口（最慢的在前）',
  stage: '环节',
  route: '接口',
  unit: '毫秒',
  count: '次数',
  bars: '分布',
  about: 'p50、p95、p99：分别有 50%、95%、99% 的请求在这么多毫秒内完成。每 5 秒自动更新，只统计本节点启动以来的情况。',
  stages: {
    waiting: { name: '排队', about: '收到消息，到开始写入' },
    committing: { name: '落盘', about: '开始写入，到可靠保存' },
    showing: { name: '送达', about: '保存之后，到交给对方的连接' },
  },
};

export const en: Translation<typeof zh> = {
  title: 'Response times',
  span: 'Within',
  spans: { minutes: 'Last 5 minutes', hour: 'Last hour' },
  sending: 'Stages of a message',
  requests: 'Calls, the slowest first',
  stage: 'Stage',
  route: 'Call',
  unit: 'ms',
  count: 'Count',
  bars: 'Distribution',
  about:
    'p50, p95, p99: 50, 95 or 99 of a hundred took at most so many milliseconds. Updated every five seconds; told by this node since its start.',
  stages: {
    waiting: { name: 'Waiting', about: 'From being read until its unit began' },
    committing: { name: 'Committing', about: 'From there until it was safely stored' },
    showing: { name: 'Showing', about: 'From there until the connection of the other side had it' },
  },
};
