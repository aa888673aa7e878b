import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon, me } from '../../../scenarios/world.ts';
import { useSession } from '../auth/session.ts';
import { useLive } from '../conversation/live.ts';
import { useDrafts } from './drafts.ts';

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

/** A server that keeps one draft the way docs/protocol.md says. */
function keeper(stored = { text: '', rev: 0 }) {
  const state = { stored, reachable: true, puts: 0, refused: 0 };
  const answer = async (request: Request) => {
    if (!state.reachable) throw new TypeError('Failed to fetch');
    if (request.method === 'GET') return json(state.stored);
    state.puts += 1;
    const put = (await request.json()) as { text: string; rev: number };
    if (put.rev <= state.stored.rev) {
      state.refused += 1;
      return json({ code: 'draft_stale', title: '', status: 409, details: state.stored }, 409);
    }
    state.stored = put;
    return json(put);
  };
  return { state, answer };
}

async function desk(server: ReturnType<typeof keeper>) {
  const world = afternoon();
  const { made, link } = await stage(
    world,
    () => ({ drafts: useDrafts(), live: useLive(), session: useSession() }),
    server.answer,
  );
  made.session.me = me;
  await made.live.start(me);
  return { ...made, link, world };
}

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

describe('drafts', () => {
  it('are stored once the author rests, not with each letter', async () => {
    const server = keeper();
    const { drafts } = await desk(server);
    for (const text of ['可', '可以', '可以的']) drafts.set('c1', text);
    expect(server.state.puts).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(server.state.stored).toEqual({ text: '可以的', rev: 1 }));
    expect(server.state.puts).toBe(1);
    expect(drafts.of('c1').state).toBe('saved');
  });

  it('come back when the conversation is opened at another desk', async () => {
    const { drafts } = await desk(keeper({ text: '已为您核对', rev: 4 }));
    await drafts.load('c1');
    expect(drafts.of('c1').text).toBe('已为您核对');
  });

  it('keep the words of the one who is typing when another desk was faster', async () => {
    const server = keeper();
    const { drafts } = await desk(server);
    await drafts.load('c1');
    drafts.set('c1', '我这边的话');
    server.state.stored = { text: '另一台的话', rev: 7 };
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(server.state.stored).toEqual({ text: '我这边的话', rev: 8 }));
    expect(drafts.of('c1').text).toBe('我这边的话');
    expect(server.state.refused).toBe(1);
  });

  it('stay on this device while the server is away, survive a reload, and are stored later', async () => {
    const server = keeper();
    const first = await desk(server);
    server.state.reachable = false;
    first.drafts.set('c1', '断网时写的');
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(first.drafts.of('c1').state).toBe('local'));

    const second = await desk(server);
    expect(second.drafts.of('c1').text).toBe('断网时写的');
    server.state.reachable = true;
    await second.drafts.load('c1');
    await vi.waitFor(() => expect(server.state.stored.text).toBe('断网时写的'));
    expect(localStorage.length).toBe(0);
  });

  it('are written with the revision of the server, however soon somebody writes after a reload', async () => {
    const server = keeper({ text: '说到一半', rev: 5 });
    const { drafts } = await desk(server);
    drafts.set('c1', '说到一半，还有');
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(server.state.stored).toEqual({ text: '说到一半，还有', rev: 6 }));
    expect(server.state.refused).toBe(0);
  });

  it('do not come back when their words are sent right after a reload', async () => {
    const server = keeper({ text: '写好了', rev: 2 });
    const first = await desk(server);
    await first.drafts.load('c1');
    first.drafts.set('c1', '写好了。');
    const second = await desk(server);
    second.drafts.of('c1');
    second.drafts.clear('c1');
    await second.drafts.load('c1');
    await vi.waitFor(() => expect(server.state.stored).toEqual({ text: '', rev: 3 }));
    expect(second.drafts.of('c1').text).toBe('');
    expect(localStorage.length).toBe(0);
  });

  it('are gone at once when the words are sent', async () => {
    const server = keeper({ text: '写好了', rev: 2 });
    const { drafts } = await desk(server);
    await drafts.load('c1');
    drafts.clear('c1');
    expect(drafts.of('c1').text).toBe('');
    await vi.waitFor(() => expect(server.state.stored).toEqual({ text: '', rev: 3 }));
  });
});
