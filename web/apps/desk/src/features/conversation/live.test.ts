import { describe, expect, it } from 'vitest';
import { conversation, outgoing } from '../../../scenarios/samples.ts';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon, me } from '../../../scenarios/world.ts';
import { useToasts } from '../../parts/toast.ts';
import { useSession } from '../auth/session.ts';
import { useLive } from './live.ts';

async function desk() {
  const { made, link } = await stage(afternoon(), () => ({
    live: useLive(),
    session: useSession(),
    toasts: useToasts(),
  }));
  made.session.me = me;
  await made.live.start(me);
  return { ...made, link };
}
const refusal = (code: string, text: string, details?: Record<string, unknown>) => {
  const mine = outgoing({ clientId: text, content: { kind: 'text', body: { text } } });
  return { code, message: '', conversation: 'c1', details, outgoing: { ...mine, error: { code, message: '' } } };
};

describe('words that came back', () => {
  it('are given back with who serves the conversation now, and leave the outbox', async () => {
    const { live, link } = await desk();
    link.tell('refused', refusal('not_owner', '我来处理', { owner: '陈立', draft: true }));
    link.tell('refused', refusal('not_owner', '今天就修好', { owner: '陈立', draft: true }));
    expect(live.returned.get('c1')).toEqual({ text: '我来处理\n今天就修好', code: 'not_owner', owner: '陈立' });
    expect(link.said.filter(({ name }) => name === 'discard').map(({ with: [id] }) => id)).toEqual([
      '我来处理',
      '今天就修好',
    ]);
  });

  it('stay in the thread when the server has not kept them', async () => {
    const { live, link } = await desk();
    link.tell('refused', refusal('rate_limited', '太快了'));
    expect(live.returned.size).toBe(0);
    expect(link.said.some(({ name }) => name === 'discard')).toBe(false);
  });
});

describe('the connection', () => {
  it('ends the session with the reason the server gave', async () => {
    const { live, session, link } = await desk();
    link.tell('sync', { phase: 'stopped', provenAt: 0, reason: 'session_revoked' });
    expect(session.me).toBeUndefined();
    expect(session.endedBy).toBe('session_revoked');
    await Promise.resolve();
    expect(live.started).toBe(false);
  });

  it('does not take its own goodbye for the end of the session', async () => {
    const { live, session, link } = await desk();
    link.stop = () => link.tell('sync', { phase: 'stopped', provenAt: 0, reason: 'logout' });
    live.stop();
    expect(session.me).toEqual(me);
  });

  it('shows a conversation that a call answered before the inbox tells of it', async () => {
    const { live } = await desk();
    expect(live.conversation('new')).toBeUndefined();
    live.adopt(conversation({ id: 'new', customer: { id: 'x', name: '新客户' } }));
    expect(live.conversation('new')?.customer.name).toBe('新客户');
  });

  it('takes back a state the server refused, and says why', async () => {
    const { live, link, toasts } = await desk();
    const before = live.presence;
    link.tell('refused', { code: 'forbidden', message: '您没有权限做这件事' });
    expect(toasts.toasts.at(-1)?.text).toBe('您没有权限做这件事');
    expect(live.presence).toEqual(before);
    expect(live.presence).not.toBe(before);
  });
});
