import type { ThreadItem, ThreadView } from '@yingda/realtime';
import { entry, item } from './samples.ts';

export const customer = { participant: 1, role: 'customer', name: '周女士' } as const;
export const agent = { participant: 2, role: 'agent', name: '林晓' } as const;
export const at = (hour: number, minute: number, second = 0) => new Date(2026, 10, 20, hour, minute, second).getTime();

export const thread: ThreadItem[] = [
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
export const withFiles: ThreadItem[] = [
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

export function view(id: string, items: ThreadItem[], over: Partial<ThreadView> = {}): ThreadView {
  return { conversation: id, items, loaded: true, hasOlder: false, held: items.length, typing: [], unread: 0, ...over };
}
