import type { Conversation } from '@yingda/realtime';
import { conversation, noon } from './samples.ts';

/** Who serves the conversations of the afternoon. */
export const mine = { participant: 2, id: 'me', name: '林晓', away: false };
export const other = { participant: 2, id: 'chen', name: '陈立', away: false };
export const ago = (seconds: number) => noon - seconds * 1000;

export const last = (text: string, seconds: number, role: 'customer' | 'agent' = 'customer', kind = 'text') => ({
  seq: 9,
  kind,
  role,
  text,
  at: ago(seconds),
});

export const conversations: Conversation[] = [
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
