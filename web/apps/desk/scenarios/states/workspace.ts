import { ago, last, mine, other } from '../conversations.ts';
import { conversation, entry, item, noon, outgoing, pending } from '../samples.ts';
import { agent, customer, thread, withFiles } from '../threads.ts';
import { afternoon, change, supervisor, withThread } from '../world.ts';
import type { State } from './state.ts';

/** The workspace of an agent. */
export const workspace: Record<string, State> = {
  work: { path: '/conversation/c1', world: afternoon },
  typing: {
    path: '/conversation/c1',
    world: () =>
      withThread(afternoon(), 'c1', thread, {
        typing: [{ participant: 1, role: 'customer' }],
        preview: '能不能六点前来，我六点半要出',
      }),
  },
  full: { path: '/conversation/c1', world: () => ({ ...afternoon(), presence: { ...afternoon().presence, load: 8 } }) },
  files: { path: '/conversation/c1', world: () => withThread(afternoon(), 'c1', withFiles) },
  returned: {
    path: '/conversation/c1',
    world: () => ({
      ...withThread(change(afternoon(), 'c1', { owner: other }), 'c1', thread),
      refusals: [
        {
          code: 'not_owner',
          message: '会话已由陈立接待',
          details: { draft: true, owner: '陈立' },
          outgoing: outgoing({
            conversation: 'c1',
            content: { kind: 'text', body: { text: '可以的，师傅今天 17:30 到 18:30 上门。' } },
          }),
        },
      ],
    }),
  },
  unopened: {
    path: '/conversation/none',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation/none': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  listFailed: {
    path: '/conversation',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  strained: {
    path: '/conversation/c1',
    world: () => ({ ...afternoon(), presence: { ...afternoon().presence, strain: 2 } }),
  },
  calm: { path: '/conversation', world: () => ({ ...afternoon(), presence: { ...afternoon().presence, load: 8 } }) },
  empty: {
    path: '/conversation',
    world: () => ({
      ...afternoon(),
      presence: { ...afternoon().presence, load: 0 },
      inbox: { conversations: [], counts: { mine: 0, queue: 0, colleague: 0 }, truncated: false, loaded: true },
    }),
  },
  offline: {
    path: '/conversation/c1',
    world: () => {
      const waiting = pending({
        clientId: 'w1',
        content: {
          kind: 'text',
          body: { text: '可以的。装维师傅今天 17:30 到 18:30 上门，我来盯着，修好后给您回电。' },
        },
      });
      const world = withThread(afternoon(), 'c1', [...thread, waiting]);
      return {
        ...world,
        sync: { phase: 'reconnecting', provenAt: noon - 48_000, retryAt: noon + 8000 },
        outgoing: [waiting.outgoing!],
      };
    },
  },
  failed: {
    path: '/conversation/c1',
    world: () => {
      const refused = pending(
        {
          clientId: 'w1',
          content: { kind: 'text', body: { text: '可以的，今天 17:30 到 18:30 上门。' } },
          error: { code: 'rate_limited', message: '' },
        },
        'failed',
      );
      const sending = pending(
        { clientId: 'w2', content: { kind: 'text', body: { text: '修好后给您回电。' } } },
        'sending',
      );
      return { ...withThread(afternoon(), 'c1', [...thread, refused, sending]), outgoing: [refused.outgoing!] };
    },
  },
  queued: { path: '/conversation/q1', world: () => withThread(afternoon(), 'q1', thread.slice(0, 4)) },
  colleague: { path: '/conversation/k1', world: () => withThread(afternoon(), 'k1', thread) },
  away: { path: '/conversation/k2', world: () => withThread(afternoon(), 'k2', thread) },
  closed: {
    path: '/conversation/c1',
    world: () =>
      withThread(
        change(afternoon(), 'c1', { state: 'closed', close_reason: 'customer', closed_at: noon, previous: 'h1' }),
        'c1',
        [
          ...thread,
          item(
            entry({
              seq: 11,
              kind: 'system',
              body: { code: 'closed', params: { by: 'customer', reason: 'customer' } },
              author: { participant: 0, role: 'system', name: '' },
              at: noon,
            }),
          ),
        ],
      ),
  },
  loading: {
    path: '/conversation/c1',
    world: () => ({
      ...withThread(afternoon(), 'c1', [], { loaded: false }),
      inbox: { conversations: [], truncated: false, loaded: false },
      refuse: { '/api/v1/customer/u1': 'never' },
    }),
  },
  opening: {
    path: '/conversation/c1',
    world: () => ({
      ...withThread(afternoon(), 'c1', [], { loaded: false }),
      refuse: { '/api/v1/customer/u1': 'never' },
    }),
  },
  missing: {
    path: '/conversation/none',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation/none': { status: 404, code: 'not_found', title: '找不到这个会话' } },
    }),
  },
  profileFailed: {
    path: '/conversation/c1',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/customer/u1': { status: 500, code: 'internal', title: '服务器出错了' } },
    }),
  },
  many: {
    path: '/conversation/m0',
    world: () => {
      const many = Array.from({ length: 10_000 }, (_, n) =>
        conversation({
          id: `m${n}`,
          owner: mine,
          customer: { id: `v${n}`, name: `访客 ${n.toString(16).toUpperCase().padStart(4, '0')}` },
          waiting_since: ago(n % 200),
          last: last('在吗', n % 200),
        }),
      );
      const long = Array.from({ length: 400 }, (_, n) =>
        item(
          entry({
            conversation: 'm0',
            seq: n + 1,
            body: { text: `第 ${n + 1} 条：光猫的灯是红的，帮我看看` },
            at: noon - (400 - n) * 30_000,
            author: n % 3 ? customer : agent,
          }),
          n % 3 ? undefined : 'read',
        ),
      );
      return {
        ...withThread(afternoon(), 'm0', long),
        inbox: { conversations: many, counts: { mine: 10_000, queue: 0, colleague: 0 }, truncated: true, loaded: true },
      };
    },
  },
  erase: { path: '/conversation/c1', world: supervisor },
};
