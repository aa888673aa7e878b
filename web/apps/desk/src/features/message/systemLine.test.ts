import { expect, it } from 'vitest';
import { entry } from '../../../scenarios/samples.ts';
import { createDeskI18n } from '../../i18n/index.ts';
import { systemLine } from './systemLine.ts';

const { t, te } = createDeskI18n('zh-CN').global;
const say = (code: string, params: Record<string, unknown> = {}, fallback = '') => {
  const made = entry({ kind: 'system', body: { code, params }, fallback });
  if (made.kind !== 'system') throw new Error('the sample is not a system entry');
  return systemLine(made, { t: (key, named) => t(key, named), te: (key) => te(key) });
};

it('says what happened in the reader\u2019s language', () => {
  expect(say('opened', { group: '宽带与装维' })).toBe('会话开始 · 宽带与装维');
  expect(say('assigned', { name: '林晓', participant: 2 })).toBe('林晓 接入会话');
  expect(say('queued', { reason: 'agent_lost' })).toBe('坐席掉线，客户重新排队并保留位置');
  expect(say('closed', { by: '林晓', reason: 'agent' })).toBe('林晓 结束了会话');
  expect(say('closed', { by: 'customer', reason: 'customer' })).toBe('客户结束了会话');
  expect(say('reopened', { by: 'customer' })).toBe('客户重新打开了会话');
  expect(say('reopened', { by: '林晓' })).toBe('林晓 重新打开了会话');
});

it('shows the server\u2019s words for what came after this build', () => {
  expect(say('of_tomorrow', { to: '装维二线' }, '已转给装维二线')).toBe('已转给装维二线');
});
