import type { Translation } from '../../i18n/index.ts';

export const zh = {
  open: '永久擦除…',
  openCustomer: '擦除这位客户…',
  title: { words: '永久擦除', customer: '擦除客户 {name}' },
  scope: { label: '擦除什么', entry: '仅这一条', conversation: '这个会话到目前为止的全部内容' },
  customerText: '姓名、资料、标签、登录信息和全部会话内容都会被擦除，进行中的会话会结束，客户的浏览器不再被识别。',
  wordsText: '文字和附件会从客户、坐席、导出和今后的恢复里消失，只留下“内容已按要求删除”。',
  reason: { label: '原因', choose: '请选择' },
  reasons: {
    customer_request: '客户要求',
    sensitive: '含有不该出现的敏感信息',
    unlawful: '违法或辱骂内容',
    mistake: '发错了人',
  },
  sure: '我明白：擦除以后谁也找不回来',
  wrong: { reason: '请选择原因', sure: '请先确认擦除后无法找回' },
  yes: '永久擦除',
  busy: '正在擦除…',
  done: '已擦除 {n} 条',
  already: '没有可擦除的内容，可能之前已经擦除过',
  begun: '客户资料已擦除，{n} 个会话正在擦除',
};

export const en: Translation<typeof zh> = {
  open: 'Erase for good…',
  openCustomer: 'Erase this customer…',
  title: { words: 'Erase for good', customer: 'Erase customer {name}' },
  scope: { label: 'What to erase', entry: 'Only this one', conversation: 'Everything in this chat so far' },
  customerText:
    'Name, facts, tags, sign-in data and all chats are erased, open chats end, and the browsers of the customer are no longer known.',
  wordsText:
    'Words and files vanish for customers, agents, exports and later restores. Only “deleted on request” stays in their place.',
  reason: { label: 'Reason', choose: 'Please choose' },
  reasons: {
    customer_request: 'The customer asked for it',
    sensitive: 'Sensitive data that should not be here',
    unlawful: 'Unlawful or abusive content',
    mistake: 'Sent to the wrong person',
  },
  sure: 'I understand that nobody can bring this back',
  wrong: { reason: 'Choose a reason', sure: 'Confirm first that it cannot be brought back' },
  yes: 'Erase for good',
  busy: 'Erasing…',
  done: 'Erased: {n}',
  already: 'There was nothing to erase; perhaps it was erased before',
  begun: 'The customer is erased; {n} chats follow',
};
