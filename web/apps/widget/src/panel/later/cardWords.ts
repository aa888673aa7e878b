/** Words of cards alone: they come with them. */
const zh = {
  perMonth: '/月',
  once: '一次性',
  openLink: '查看详情',
  source: (name: string) => `来源：${name}`,
  total: '合计',
  same: '没变',
  orderNumber: '订单号',
  required: '必填',
  notFilled: '未填写',
  waitMinutes: (from: number, to: number) => (from === to ? `约 ${from} 分钟` : `约 ${from}–${to} 分钟`),
};
const en: typeof zh = {
  perMonth: '/month',
  once: 'one-off',
  openLink: 'Details',
  source: (name) => `Source: ${name}`,
  total: 'Total',
  same: 'same',
  orderNumber: 'Order',
  required: 'required',
  notFilled: 'not filled in',
  waitMinutes: (from, to) => (from === to ? `about ${from} min` : `about ${from}–${to} min`),
};
export const CARD_WORDS = { 'zh-CN': zh, en };
