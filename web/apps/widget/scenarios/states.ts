import { conversation, NOW, Script, type Stage } from './stage.ts';

const talk = () =>
  new Script()
    .note(9, 'opened', { group: '宽带故障' })
    .say('customer', 9, '家里宽带从昨晚开始一直掉线，重启过光猫也没用')
    .note(5, 'assigned', { name: '林晓', participant: 2 })
    .say('agent', 5, '周女士您好，我是林晓。前面的情况我都看到了，先给您测一下线路。')
    .say('customer', 4, '好的，谢谢')
    .say('agent', 3, '测到入户的光信号偏弱，需要师傅上门。今天 17:30 到 18:30 方便吗？');
const owner = { participant: 2, name: '林晓', away: false };
const served = (script: Script, more = {}) =>
  conversation({ head: script.entries.length, owner, read: { mine: 0, theirs: 5, delivered_theirs: 6 }, ...more });

const talking = talk().say('customer', 1, '方便，到了打这个电话');
const cards = new Script()
  .note(9, 'assigned', { name: '林晓', participant: 2 })
  .card(6, {
    type: 'choice',
    prompt: '您想看哪一种？',
    options: [{ label: '十月账单比九月多在哪里' }, { label: '刚刚扣的一笔是什么' }],
  })
  .say('customer', 5, '十月账单比九月多在哪里')
  .card(4, {
    type: 'bill',
    title: '十月账单',
    total_fen: 22_900,
    items: [
      { name: '套餐月费', amount_fen: 19_900, change_fen: 0 },
      { name: '国际漫游', amount_fen: 3_000, change_fen: 3_000 },
    ],
  })
  .card(3, {
    type: 'product',
    name: '漫游日包',
    price_fen: 2_500,
    period: 'once',
    features: ['每日 1 GB，用完不断网', '覆盖 62 个方向'],
    url: 'https://www.xingqiao.example/roaming',
  })
  .card(2, {
    type: 'order',
    number: 'XQ2611200038',
    title: '上门维修',
    status: '已派单',
    rows: [
      { label: '上门时间', value: '今天 17:30–18:30' },
      { label: '师傅', value: '陈师傅' },
    ],
  })
  .card(1, {
    type: 'consent',
    title: '开通漫游日包',
    text: '开通后按天收费，25.00 元一天，随时可以关。',
    agree: '同意开通',
    decline: '暂不开通',
  });
const images = talk().add('customer', 1, { kind: 'image', body: { file: 'f1', width: 640, height: 400 } });
const files = talk()
  .add('customer', 1, {
    kind: 'file',
    body: {
      file: 'd1',
      name: '2026年10月宽带测速与光功率检测报告（杭州西湖区文三路）.pdf',
      bytes: 1_482_310,
      media_type: 'application/pdf',
    },
  })
  .add('agent', 1, { kind: 'file', body: { file: 'd2', name: '上门预约单.docx', bytes: 38_912, media_type: '' } });
const ended = talk().say('customer', 1, '好的，没有别的问题了').note(0, 'closed', { by: 'agent', reason: 'agent' });
const recalled = talk().say('customer', 1, '记错了').note(1, 'recalled', { target: 7 });
const waiting = new Script().note(2, 'opened', { group: '宽带故障' }).say('customer', 2, '家里宽带从昨晚开始一直掉线');

const typing = { type: 'typing', conversation: 'c1', participant: 2, role: 'agent', on: true } as const;
const stageOf = (script: Script, more = {}, after: Stage['after'] = []): Stage => ({
  conversations: [served(script, more)],
  entries: script.entries,
  after,
});

const closed = { state: 'closed', owner: undefined, closed_at: NOW, close_reason: 'agent' } as const;
const reasons = { good: ['clear', 'fast', 'solved', 'polite'], poor: ['unclear', 'slow', 'unsolved', 'impolite'] };
const sheet = { is_open: true, is_asked: true, agent: '林晓', reasons };
const opinion = { stars: 4, is_resolved: true, reasons: ['clear', 'solved'], rated_at: NOW, changed_at: NOW };
const passedOn = talk().note(1, 'queued', { reason: 'transferred' });
const invited = talk().note(1, 'rating_invited', { name: '林晓' });

export const STAGES: Record<string, Stage> = {
  home: { conversations: [], entries: [] },
  logo: { conversations: [], entries: [] },
  logoLost: { conversations: [], entries: [] },
  logoTalking: stageOf(talking),
  connecting: { conversations: [], entries: [], isSilent: true },
  queued: stageOf(waiting, { state: 'queued', owner: undefined, position: 4 }),
  next: stageOf(waiting, { state: 'queued', owner: undefined, position: 1 }),
  talking: stageOf(talking, {}, [typing]),
  away: stageOf(talking, { owner: { ...owner, away: true } }),
  cards: stageOf(cards),
  image: stageOf(images),
  files: stageOf(files),
  recalled: stageOf(recalled),
  ended: stageOf(ended, { state: 'closed', owner: undefined, closed_at: NOW, close_reason: 'agent' }),
  rate: { ...stageOf(ended, closed), rating: sheet },
  rated: { ...stageOf(ended, closed), rating: { ...sheet, is_asked: false, rating: opinion } },
  invited: { ...stageOf(invited), rating: sheet },
  passed: stageOf(passedOn, { state: 'queued', owner: undefined, position: 1 }),
  offline: stageOf(talk()),
  emoji: stageOf(talking),
  sizes: stageOf(talking),
  confirm: stageOf(talking),
};
