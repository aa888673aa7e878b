import { beforeEach, describe, expect, it } from 'vitest';
import { CallError, Stop } from '../src/index.ts';
import { FakeServer } from './server.ts';
import { FakeClock, FakeOrigin, type FakeSocket, settle, Tab } from './world.ts';

let clock: FakeClock;
let server: FakeServer;
beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
});

async function started(tab: Tab): Promise<Tab> {
  await tab.client.start();
  await clock.pass(0);
  return tab;
}
const hello = (socket: FakeSocket) => socket.of('hello')[0];

describe('connection', () => {
  it('says hello first and answers pings at once', async () => {
    const tab = await started(new Tab(clock, server.connect, { token: async () => 't1' }));
    expect(tab.socket.received[0]).toMatchObject({ v: 1, type: 'hello', token: 't1', client: { kind: 'widget' } });
    expect(tab.client.sync).toMatchObject({ phase: 'online', transport: 'socket', provenAt: clock.now });
    server.push({ type: 'ping', n: 42 });
    expect(tab.socket.received.at(-1)).toMatchObject({ type: 'pong', n: 42 });
  });

  it('says nothing to a socket that is closing already', async () => {
    const tab = await started(new Tab(clock, server.connect));
    const before = tab.socket.received.length;
    tab.socket.readyState = 2;
    server.push({ type: 'ping', n: 42 });
    expect(tab.socket.received.length).toBe(before);
    tab.socket.break();
    await clock.pass(300);
    expect([tab.client.sync.phase, tab.sockets.length]).toEqual(['online', 2]);
  });

  it('pings every 7 s and gives a silent server 7 s to answer', async () => {
    const tab = await started(new Tab(clock, server.connect));
    await clock.pass(21_500);
    expect(tab.socket.of('ping').length).toBe(3);
    server.answersPings = false;
    await clock.pass(13_000);
    expect([tab.client.sync.phase, tab.sockets.length]).toEqual(['online', 1]);
    await clock.pass(500);
    expect(tab.sockets[0]?.closed).toBe(true);
    await clock.pass(300);
    expect([tab.client.sync.phase, tab.sockets.length]).toEqual(['online', 2]);
  });

  it('does not take its own sleep for silence of the server', async () => {
    const tab = await started(new Tab(clock, server.connect));
    server.answersPings = false;
    await clock.pass(7_100);
    await clock.sleep(3_600_000);
    server.answersPings = true;
    expect(tab.client.sync.phase).toBe('online');
    await clock.pass(20_000);
    expect([tab.client.sync.phase, tab.sockets.length]).toEqual(['online', 1]);
  });

  const lonely = () =>
    started(new Tab(clock, server.connect, {}, new FakeOrigin(), async () => Promise.reject(new Error('down'))));
  /** How long it waits from now on, each time. */
  function waitsOf(tab: Tab): number[] {
    const waits: number[] = [];
    tab.client.on('sync', ({ phase, retryAt }) => {
      if (phase === 'reconnecting' && retryAt !== undefined) waits.push(Math.round(retryAt - clock.now));
    });
    return waits;
  }

  it('comes back after 0.2 s, doubling to 15 s, and begins anew after a proof of life', async () => {
    const tab = await lonely();
    tab.isVisible = false;
    server.reachable = false;
    server.cut();
    const waits = waitsOf(tab);
    expect(tab.client.sync.phase).toBe('reconnecting');
    await clock.pass(60_000);
    expect(waits.slice(0, 8)).toEqual([400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
    server.reachable = true;
    await clock.pass(60_000);
    expect(tab.client.sync.phase).toBe('online');
    server.cut();
    expect(tab.client.sync.retryAt! - clock.now).toBe(200);
  });

  it('does not wait longer than 2 s while somebody looks and the loss is young', async () => {
    const tab = await lonely();
    server.reachable = false;
    server.cut();
    const waits = waitsOf(tab);
    await clock.pass(110_000);
    expect(waits.slice(0, 5)).toEqual([400, 800, 1_600, 2_000, 2_000]);
    expect(Math.max(...waits)).toBe(2_000);
    await clock.pass(120_000);
    expect(waits.at(-1)).toBe(15_000);
  });

  it('tries at once when the page is shown or the network returns', async () => {
    const tab = await started(
      new Tab(clock, server.connect, {}, new FakeOrigin(), async () => Promise.reject(new Error('down'))),
    );
    server.reachable = false;
    tab.page('offline');
    expect(tab.client.sync.phase).toBe('offline');
    await clock.pass(40_000);
    server.reachable = true;
    tab.page('online');
    await settle();
    expect(tab.client.sync.phase).toBe('online');
    const before = tab.socket.of('ping').length;
    tab.page('shown');
    expect(tab.socket.of('ping').length).toBe(before + 1);
    expect(tab.sent('presence').at(-1)).toMatchObject({ visible: true });
  });

  it('gets a fresh token when the old one has expired, without waiting', async () => {
    const asked: boolean[] = [];
    const token = async (fresh: boolean) => {
      asked.push(fresh);
      return fresh ? 't2' : 't1';
    };
    server.intercept = (frame, socket) => {
      if (frame.type !== 'hello' || frame.token !== 't1') return false;
      socket.push({ type: 'error', code: 'token_expired', message: '' });
      return true;
    };
    const tab = await started(new Tab(clock, server.connect, { token }));
    await clock.pass(1);
    expect(asked).toEqual([false, true]);
    expect(hello(tab.socket)?.token).toBe('t2');
    expect(tab.client.sync.phase).toBe('online');
    // In the middle of a conversation it is the same.
    server.push({ type: 'error', code: 'token_expired', message: '' });
    await clock.pass(1);
    expect(tab.sockets.length).toBe(3);
    expect(tab.client.sync.phase).toBe('online');
  });

  it('stops for a bye without retry, a revoked session, or a Stop; a person may start it again', async () => {
    const tab = await started(new Tab(clock, server.connect));
    server.push({ type: 'bye', reason: 'replaced' });
    expect(tab.client.sync).toMatchObject({ phase: 'stopped', reason: 'replaced' });
    await clock.pass(60_000);
    tab.page('shown');
    await settle();
    expect(tab.sockets.length).toBe(1);
    tab.client.retryNow();
    await settle();
    expect(tab.client.sync.phase).toBe('online');
    server.push({ type: 'error', code: 'session_revoked', message: '' });
    expect(tab.client.sync).toMatchObject({ phase: 'stopped', reason: 'session_revoked' });
    const out = await started(new Tab(clock, server.connect, { token: () => Promise.reject(new Stop('logged_out')) }));
    expect(out.client.sync).toMatchObject({ phase: 'stopped', reason: 'logged_out' });
  });

  it('takes a hello that wants a login for the end of the session', async () => {
    for (const code of ['login_required', 'password_change_required']) {
      server.intercept = (_, socket) => {
        server.push({ type: 'error', code, message: '' }, socket);
        return true;
      };
      const tab = await started(new Tab(clock, server.connect));
      await clock.pass(60_000);
      expect([tab.client.sync.phase, tab.client.sync.reason, tab.sockets.length]).toEqual(['stopped', code, 1]);
    }
  });

  it('comes back when told to by a bye, and never after stop()', async () => {
    const tab = await started(new Tab(clock, server.connect));
    server.push({ type: 'bye', reason: 'shutdown', retry_ms: 2_000 });
    await clock.pass(1_900);
    expect(tab.sockets.length).toBe(1);
    await clock.pass(200);
    expect(tab.client.sync.phase).toBe('online');
    tab.client.stop();
    expect(tab.socket.received.at(-1)).toMatchObject({ type: 'bye' });
    tab.client.retryNow();
    await clock.pass(60_000);
    expect([tab.sockets.length, tab.client.sync.phase]).toEqual([2, 'stopped']);
  });

  it('tells which page the visitor looks at, also those who were away', async () => {
    const tab = await started(new Tab(clock, server.connect));
    const page = { url: 'https://shop.example/fault', title: '宽带报障' };
    tab.client.showPage(page);
    expect(tab.socket.of('presence').at(-1)?.page).toEqual(page);
    server.cut();
    await clock.pass(1_000);
    expect(tab.sockets.length).toBe(2);
    expect(tab.socket.of('presence')).toEqual([{ v: 1, type: 'presence', visible: true, page }]);
  });

  it('gives up a hello that never comes', async () => {
    const tab = await started(new Tab(clock, (socket) => socket.accept()));
    await clock.pass(9_900);
    expect(tab.sockets[0]?.closed).toBe(false);
    await clock.pass(400);
    expect(tab.sockets[0]?.closed).toBe(true);
    expect(tab.sockets.length).toBe(2);
  });
});

describe('long polling', () => {
  interface Poll {
    poll?: string;
    got?: number;
    frames: { type: string; n?: number }[];
    answer(n: number, frames: unknown[]): void;
    fail(status: number, code?: string): void;
  }
  const polls: Poll[] = [];
  const fetch = (_url: string, init: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      const body = JSON.parse(String(init.body)) as Omit<Poll, 'answer' | 'fail'>;
      polls.push({
        ...body,
        answer: (n, frames) => resolve(Response.json({ poll: 'p', n, frames })),
        fail: (status, code) => resolve(Response.json({ code }, { status })),
      });
    });
  const last = () => polls.at(-1)!;
  const greeting = {
    type: 'hello',
    generation: 'g1',
    now: 0,
    you: { kind: 'visitor', id: 'v', name: '' },
    ping_ms: 7_000,
    deadline_ms: 7_000,
    subscriptions: [],
    inbox_rev: 1,
  };

  async function polling(): Promise<Tab> {
    polls.length = 0;
    server.reachable = false;
    const tab = await started(new Tab(clock, server.connect, { token: async () => 't' }, new FakeOrigin(), fetch));
    await clock.pass(1_500);
    return tab;
  }

  it('takes over after three dead sockets, with the same frames', async () => {
    const tab = await polling();
    expect(tab.sockets.length).toBe(3);
    expect(last().frames).toEqual([expect.objectContaining({ v: 1, type: 'hello', token: 't' })]);
    last().answer(1, [greeting]);
    await settle();
    expect(tab.client.sync).toMatchObject({ phase: 'online', transport: 'poll' });
    last().answer(2, [{ type: 'ping', n: 9 }]);
    await settle();
    expect(last()).toMatchObject({ poll: 'p', got: 2 });
    expect(last().frames).toContainEqual({ v: 1, type: 'pong', n: 9 });
  });

  it('cuts a hanging call to send, carries what the cut call carried, and ignores an answer given twice', async () => {
    const tab = await polling();
    last().answer(1, [greeting]);
    await settle();
    tab.client.send('c1', { kind: 'text', body: { text: 'hi' } });
    await settle();
    const first = last().frames.filter(({ type }) => type === 'send');
    expect(first.length).toBe(1);
    tab.client.typing('c1', true);
    await settle();
    expect(last().frames.map(({ type }) => type)).toContain('typing');
    expect(last().frames.filter(({ type }) => type === 'send')).toEqual(first);
    const heard: string[] = [];
    tab.client.on('arrived', ({ entry }) => heard.push(entry.fallback));
    const arrival = { type: 'entry', ...server.say('hello') };
    last().answer(2, [arrival]);
    await settle();
    last().answer(2, [arrival]);
    await settle();
    expect(heard).toEqual(['hello']);
  });

  it('stops when a call is answered that nobody is logged in', async () => {
    const tab = await polling();
    last().fail(401, 'login_required');
    await settle();
    expect(tab.client.sync).toMatchObject({ phase: 'stopped', reason: 'login_required' });
  });

  it('changes back to a socket once one opens', async () => {
    const tab = await polling();
    last().answer(1, [{ ...greeting, ping_ms: 120_000 }]);
    await clock.pass(30_500);
    expect(tab.client.sync.transport).toBe('poll');
    server.reachable = true;
    last().answer(2, [{ type: 'pong', n: 99, generation: 'g1', now: 0, heads: {}, inbox_rev: 1 }]);
    await clock.pass(30_500);
    expect(tab.client.sync).toMatchObject({ phase: 'online', transport: 'socket' });
  });

  it('begins again, socket first, when the poll is gone', async () => {
    const tab = await polling();
    last().answer(1, [greeting]);
    await settle();
    last().fail(410);
    await settle();
    expect(tab.client.sync.phase).toBe('reconnecting');
    server.reachable = true;
    await clock.pass(2_000);
    expect(tab.client.sync).toMatchObject({ phase: 'online', transport: 'socket' });
  });
});

describe('call', () => {
  it('carries token and idempotency key, renews a stale token once, and turns problems into CallError', async () => {
    const seen: Headers[] = [];
    const fetch = async (_url: string, init: RequestInit) => {
      const headers = new Headers(init.headers);
      seen.push(headers);
      if (headers.get('Authorization') === 'Bearer old') return new Response(null, { status: 401 });
      const problem = { code: 'reopen_too_late', title: '太迟了' };
      return Response.json(problem, { status: 409, headers: { 'content-type': 'application/problem+json' } });
    };
    const tab = new Tab(
      clock,
      server.connect,
      { token: async (fresh) => (fresh ? 'new' : 'old') },
      new FakeOrigin(),
      fetch,
    );
    const error = await tab.client
      .call('POST', '/api/v1/conversation/c1/reopen', {})
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ status: 409, code: 'reopen_too_late', detail: '太迟了' });
    expect(seen.map((headers) => headers.get('Authorization'))).toEqual(['Bearer old', 'Bearer new']);
    expect(seen[0]?.get('Idempotency-Key')).toMatch(/^[\w-]{12,128}$/);
    expect(seen[0]?.get('Idempotency-Key')).toBe(seen[1]?.get('Idempotency-Key'));
  });
});
