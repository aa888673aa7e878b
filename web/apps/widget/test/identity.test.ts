import { memoryStorage, type Outgoing, UNBORN } from '@yingda/realtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ToPage } from '../src/messages.ts';
import { Identity, subjectOf, type Veil } from '../src/panel/identity.ts';
import { Visit } from '../src/panel/visit.ts';

/** What the server's `identify` and `leave` answer; the word carries whom it names. */
type Answer = () => Response | Promise<Response>;
const part = (value: unknown) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));
const word = (sub: string) => `${part({ alg: 'HS256' })}.${part({ sub, name: '名' })}.signature`;
const refused =
  (status: number, code: string): Answer =>
  () =>
    Response.json({ code }, { status });

let refuse: Answer | undefined;
let calls: { path: string; body: { device_secret?: string }; key: string | null }[];
let earlier: { conversations: number; is_running: boolean } | undefined;
let said: ToPage[];
let veils: (Veil | undefined)[];
let restarts: number;
let stops: number;
let told: string[];
let outbox: ReturnType<typeof memoryStorage>;
let visit: Visit;
let identity: Identity;

function open(): void {
  visit = new Visit('demo', 'zh-CN', localStorage);
  identity = new Identity({
    key: 'demo',
    visit,
    outbox,
    tell: (message) => said.push(message),
    restart: () => {
      restarts += 1;
    },
    stop: () => {
      stops += 1;
    },
    veil: (why) => veils.push(why),
  });
}
/** The panel stands open for whoever this word names. */
async function shows(sub: string): Promise<void> {
  await identity.hear({ token: word(sub) });
  identity.opened();
  [said, veils, calls, told] = [[], [], [], []];
}
const kept = () => JSON.stringify({ ...localStorage });
const item = (clientId: string, conversation: string): Outgoing => ({
  clientId,
  conversation,
  content: { kind: 'text', body: { text: clientId } },
  at: 1,
});

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal(
    'BroadcastChannel',
    class extends EventTarget {
      postMessage(what: string) {
        told.push(what);
      }
    },
  );
  [stops, told] = [0, []];
  outbox = memoryStorage();
  [refuse, earlier, calls, said, veils, restarts] = [undefined, undefined, [], [], [], 0];
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as { token?: string; device_secret?: string };
    calls.push({ path, body, key: new Headers(init.headers).get('Idempotency-Key') });
    if (path.endsWith('/leave') || path.endsWith('/attach')) return Response.json({});
    if (path.endsWith('/identify')) {
      if (refuse) return refuse();
      const id = `id-${subjectOf(body.token ?? '')}`;
      const device_secret = body.device_secret === `secret-${id}` ? undefined : `secret-${id}`;
      return Response.json({
        token: `t-${id}`,
        expires_at: Date.now() + 3e6,
        device_secret,
        visitor: { id, name: id },
        earlier,
      });
    }
    return Response.json({
      token: 't',
      expires_at: Date.now() + 3e6,
      device_secret: 'secret-nobody-knows-it',
      visitor: { id: 'n', name: '' },
    });
  });
  open();
});
afterEach(() => vi.unstubAllGlobals());

describe('a computer that somebody else used before', () => {
  const ways: [string, Answer][] = [
    ['expired', refused(401, 'identity.expired')],
    ['used before', refused(409, 'identity.replayed')],
    ['one of too many', refused(429, 'rate_limited')],
    ['forged', refused(401, 'identity.signature')],
    ['answered with a fault', refused(503, 'unavailable')],
    ['sent into a broken network', () => Promise.reject(new TypeError('broken'))],
  ];
  for (const [what, answer] of ways) {
    it(`shows nothing of theirs when the word for the next customer is ${what}`, async () => {
      await shows('a');
      await outbox.put(visit.identity, item('private', 'c1'));
      localStorage.setItem('yd:demo:current', 'c1');
      const before = visit.identity;
      refuse = answer;
      await identity.hear({ token: word('b') }).catch(() => {});
      expect(kept()).not.toMatch(/secret-id-a|current/);
      expect(visit.isKnown).toBe(false);
      expect(await outbox.all(before)).toEqual([]);
      expect(restarts).toBe(1);
      expect(calls.find(({ path }) => path.endsWith('/leave'))?.body.device_secret).toBe('secret-id-a');
    });

    it(`opens as nobody when the panel begins with a word that is ${what}`, async () => {
      await shows('a');
      open();
      refuse = answer;
      await identity.hear({ token: word('b') }).catch(() => {});
      expect(visit.isKnown).toBe(false);
    });
  }

  it('takes them off the screen at once, also while the server does not answer', async () => {
    await shows('a');
    refuse = () => new Promise(() => {});
    void identity.hear({ token: word('b') });
    await vi.waitFor(() => expect(veils).toEqual(['pending']));
    expect(kept()).not.toMatch(/secret-id-a/);
  });

  it('lets nobody wait behind a word whose answer hangs: a logout and a next customer count at once, in every tab', async () => {
    for (const next of [{ left: true }, { token: word('b') }] as const) {
      await shows('a');
      [stops, restarts] = [0, 0];
      let answer: (response: Response) => void = () => {};
      refuse = () =>
        new Promise((resolve) => {
          answer = resolve;
        });
      const own = identity.hear({ token: word('a') }).catch(() => {});
      await vi.waitFor(() => expect(calls.length).toBe(1));
      sessionStorage.setItem('yd:files', '1');
      const turn = identity.hear(next);
      expect([veils, stops, told, visit.isKnown]).toEqual([['pending'], 1, ['changed'], false]);
      expect(sessionStorage.getItem('yd:files')).toBeNull();
      refuse = undefined;
      // It comes after all, and is nobody's.
      answer(Response.json({ token: 't', expires_at: 9e15, visitor: { id: 'id-a', name: 'id-a' } }));
      await Promise.all([own, turn]);
      expect(kept()).not.toContain('id-a');
      expect(said).not.toContainEqual({ type: 'known', on: true, name: 'id-a' });
      expect([visit.isKnown, restarts, veils.at(-1)]).toEqual(['token' in next, 1, 'pending']);
      open();
    }
  });

  it('is hidden at once when the page asks who is there, also behind a word whose answer hangs', async () => {
    for (const late of [
      () => Response.json({ token: 't', expires_at: 9e15, visitor: { id: 'id-a', name: '' } }),
      refused(503, 'x'),
    ]) {
      await shows('a');
      let answer: (response: Response | Promise<Response>) => void = () => {};
      refuse = () =>
        new Promise((resolve) => {
          answer = resolve;
        });
      const own = identity.hear({ token: word('a') }).catch(() => {});
      await vi.waitFor(() => expect(calls.length).toBe(1));
      const turn = identity.hear({ pending: true });
      expect(veils).toEqual(['pending']);
      // What comes late does not show them while the page is still asked.
      refuse = late;
      answer(late());
      await own;
      expect(await turn).toBe(false);
      expect([veils, visit.isKnown]).toEqual([['pending'], true]);
      refuse = undefined;
      expect(await identity.hear({ token: word('a') })).toBe(true);
      expect([veils, restarts]).toEqual([['pending', undefined], 0]);
    }
  });

  it('hides nobody any more when the word before the question was refused', async () => {
    await shows('a');
    open();
    refuse = refused(401, 'identity.signature');
    const own = identity.hear({ token: word('a') });
    const turn = identity.hear({ unknown: true });
    expect(veils).toEqual(['unknown']);
    expect([await own, await turn, visit.isKnown]).toEqual([true, true, false]);
    expect(veils.at(-1)).toBeUndefined();
  });

  it('waits for no answer for ever', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    await visit.identify(word('a'));
    expect(timeout).toHaveBeenCalledWith(10_000);
    timeout.mockRestore();
  });

  it('offers a way on when their own word does not reach the server, and takes the next one', async () => {
    for (const { 1: answer } of ways.slice(4)) {
      await shows('a');
      await identity.hear({ pending: true });
      refuse = answer;
      await expect(identity.hear({ token: word('a') })).rejects.toThrow();
      expect([veils, restarts]).toEqual([['pending', 'unknown'], 0]);
      refuse = undefined;
      expect(await identity.hear({ token: word('a') })).toBe(true);
      expect(veils.at(-1)).toBeUndefined();
      // As the panel begins, and with somebody else's word, there is nothing to hide.
      open();
      await identity.hear({ pending: true });
      refuse = answer;
      await expect(identity.hear({ token: word('b') })).rejects.toThrow();
      expect([veils.at(-1), visit.isKnown]).toEqual([undefined, false]);
      refuse = undefined;
      open();
    }
  });

  it('begins anew for the same customer too when they have left in between', async () => {
    await shows('a');
    void identity.hear({ left: true });
    await identity.hear({ token: word('a') });
    expect([visit.identity, stops, restarts]).toEqual(['visitor:demo:id-a', 1, 1]);
  });

  it('goes on for whom it knows when their own word counts no more', async () => {
    await shows('a');
    for (const answer of [ways[0]![1], ways[1]![1], ways[2]![1], ways[4]![1]]) {
      refuse = answer;
      await identity.hear({ token: word('a') }).catch(() => {});
    }
    expect([visit.identity, restarts]).toEqual(['visitor:demo:id-a', 0]);
    refuse = ways[3]![1];
    await identity.hear({ token: word('a') });
    expect([visit.isKnown, restarts]).toEqual([false, 1]);
  });

  it('takes a word that cannot be read for that of somebody else, and one kept by nobody knows whom too', async () => {
    await shows('a');
    refuse = refused(400, 'identity.malformed');
    await identity.hear({ token: 'no word' });
    expect(visit.isKnown).toBe(false);
    refuse = undefined;
    await shows('a');
    localStorage.removeItem('yd:demo:subject');
    await identity.hear({ token: word('a') });
    expect(calls.map(({ path }) => path.split('/').at(-1))).toEqual(['leave', 'identify']);
  });

  it('shows nobody while the page is asked, and the same one again once it has answered', async () => {
    await shows('a');
    open();
    expect(await identity.hear({ pending: true })).toBe(false);
    expect(await identity.hear({ unknown: true })).toBe(false);
    expect(veils).toEqual(['pending', 'unknown']);
    expect(await identity.hear({ token: word('a') })).toBe(true);
    identity.opened();
    expect([veils.at(-1), visit.identity]).toEqual([undefined, 'visitor:demo:id-a']);
    await identity.hear({ pending: true });
    await identity.hear({ token: word('a') });
    expect([veils.slice(-2), restarts]).toEqual([['pending', undefined], 0]);
  });

  it('lets a guest in who will not wait, and forgets who was there', async () => {
    await shows('a');
    open();
    await identity.hear({ unknown: true });
    await identity.forget();
    expect([visit.isKnown, restarts]).toEqual([false, 1]);
    open();
    expect(await identity.hear({ pending: true })).toBe(false);
    expect(await identity.hear({ unknown: true })).toBe(true);
    expect(veils.at(-1)).not.toBe('pending');
  });

  it('does what the page says in its order, also while the panel begins', async () => {
    const first = identity.hear({ token: word('a') });
    const second = identity.hear({ token: word('b') });
    await first;
    identity.opened();
    await second;
    expect([visit.identity, restarts]).toEqual(['visitor:demo:id-b', 1]);
    expect(kept()).not.toContain('id-a');
  });

  it('keeps whoever came in another tab when the device of the one before ends here', async () => {
    await shows('a');
    const other = new Visit('demo', 'zh-CN', localStorage);
    other.leave();
    await other.identify(word('b'));
    await identity.expired();
    expect([visit.identity, restarts]).toEqual(['visitor:demo:id-b', 1]);
    expect(said).toEqual([]);
  });
});

describe('what was said before somebody was known', () => {
  it('goes along as far as the server has not seen it', async () => {
    localStorage.setItem('yd:demo:birth', '{"client_id":"n1"}');
    localStorage.setItem('yd:demo:draft', 'half a sentence');
    await outbox.put(visit.nameless, item('first words', `${UNBORN}n1`));
    await identity.hear({ token: word('a') });
    expect((await outbox.all(visit.identity)).map(({ clientId }) => clientId)).toEqual(['first words']);
    expect(await outbox.all(visit.nameless)).toEqual([]);
    expect(kept()).toMatch(/n1.*half a sentence|half a sentence.*n1/);
  });

  it('ends with the customer it waited beside when somebody else comes', async () => {
    await visit.token(false);
    earlier = { conversations: 1, is_running: true };
    await identity.hear({ token: word('a') });
    expect(visit.canAttach).toBe(true);
    earlier = undefined;
    calls = [];
    await identity.hear({ token: word('b') });
    const left = calls.filter(({ path }) => path.endsWith('/leave')).map(({ body }) => body.device_secret);
    expect(left).toEqual(['secret-nobody-knows-it', 'secret-id-a']);
    expect([visit.identity, visit.canAttach]).toEqual(['visitor:demo:id-b', false]);
  });

  it('is taken over under a key that tells nothing of the secret', async () => {
    await visit.token(false);
    earlier = { conversations: 1, is_running: true };
    await identity.hear({ token: word('a') });
    identity.opened();
    await outbox.put(visit.nameless, item('waits', 'c1'));
    await identity.settle(true);
    const { key } = calls.find(({ path }) => path.endsWith('/attach'))!;
    expect(key).toMatch(/^[\d-]{8,}$/);
    expect((await outbox.all('visitor:demo:id-a')).length).toBe(1);
    expect([visit.canAttach, visit.subject, restarts]).toEqual([false, 'a', 1]);
  });
});

it('reads whom a word names, and nothing else of it', () => {
  expect(subjectOf(word('c-1'))).toBe('c-1');
  expect(subjectOf(word('客户'))).not.toBe(subjectOf(word('用户')));
  for (const bad of ['', 'a.b.c', 'a', `x.${part(['sub'])}.y`, `x.${part({ sub: 7 })}.y`, `x.${part(null)}.y`])
    expect(subjectOf(bad)).toBeUndefined();
});
