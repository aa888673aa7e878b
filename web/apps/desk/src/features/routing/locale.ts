import type { Translation } from '../../i18n/index.ts';

export const zh = {
  label: '接待状态',
  accepting: '在线接待',
  paused: '暂停接待',
  acceptingNote: '新会话会分给您',
  pausedNote: '手上的会话照常进行',
  disconnected: '未连接',
  load: '正在接待 {load} / {limit}',
};

export const en: Translation<typeof zh> = {
  label: 'Availability',
  accepting: 'Accepting',
  paused: 'Paused',
  acceptingNote: 'New chats come to you',
  pausedNote: 'Your current chats go on',
  disconnected: 'Not connected',
  load: 'Serving {load} / {limit}',
};
