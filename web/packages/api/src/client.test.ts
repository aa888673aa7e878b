import { describe, expect, it } from 'vitest';
import { createApi } from './client.ts';
import { ApiError, answer } from './error.ts';

type Reply = (request: Request) => Response | Promise<Response>;

function api(reply: Reply, onUnauthorised?: (error: ApiError) => void) {
  const seen: Request[] = [];
  const made = createApi({
    baseUrl: 'http://desk.test',
    client: 'desk',
    locale: () => 'zh-CN',
    onUnauthorised,
    fetch: async (request) => {
      seen.push(request);
      return reply(request);
    },
  });
  return { api: made, seen };
}
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const accept = (made: ReturnType<typeof createApi>, headers?: Record<string, string>) =>
  made.POST('/api/v1/conversation/{id}/accept', { params: { path: { id: 'c1' } }, body: {}, headers });

describe('a call', () => {
  it('says who calls and in which language one reads', async () => {
    const { api: made, seen } = api(() => json({ staff: {} }));
    await made.GET('/api/v1/auth/me');
    expect(seen[0]?.headers.get('X-Yingda-Client')).toBe('desk');
    expect(seen[0]?.headers.get('Accept-Language')).toBe('zh-CN');
    expect(seen[0]?.headers.has('Idempotency-Key')).toBe(false);
  });

  it('that moves something carries a key of its own, or the one of the first try', async () => {
    const { api: made, seen } = api(() => json({}));
    await accept(made);
    await accept(made);
    await accept(made, { 'Idempotency-Key': 'again' });
    const keys = seen.map((request) => request.headers.get('Idempotency-Key'));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys[2]).toBe('again');
  });
});

describe('a refusal', () => {
  it('is thrown with its code, its title and everything else the server said', async () => {
    const { api: made } = api(() =>
      json({ code: 'conversation_taken', title: '已被接待', status: 409, details: { owner: '陈立' } }, 409),
    );
    const error = await answer(accept(made)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 409,
      code: 'conversation_taken',
      title: '已被接待',
      details: { owner: '陈立' },
    });
  });

  it('of something in between has its status for a code', async () => {
    const { api: made } = api(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(answer(accept(made))).rejects.toMatchObject({ status: 502, code: 'http_502' });
  });

  it('of the session is told to whoever keeps it', async () => {
    const told: string[] = [];
    const { api: made } = api(
      () => json({ code: 'session_revoked', title: '', status: 401 }, 401),
      (error) => told.push(error.code),
    );
    await expect(answer(made.GET('/api/v1/auth/me'))).rejects.toMatchObject({ code: 'session_revoked' });
    expect(told).toEqual(['session_revoked']);
  });
});

it('that gets no answer is a network error, whatever the browser calls it', async () => {
  const { api: made } = api(() => {
    throw new TypeError('Failed to fetch');
  });
  const error = await answer(made.GET('/api/v1/auth/me')).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).isNetwork).toBe(true);
});

it('that was answered with nothing answers nothing', async () => {
  const { api: made } = api(() => new Response(null, { status: 204 }));
  await expect(answer(made.POST('/api/v1/auth/logout'))).resolves.toBeUndefined();
});

describe('a sensitive call', () => {
  /** A server that wants a proof first; `proven` says whether the person gives one. */
  function guarded(proven: boolean) {
    const [keys, bodies]: [unknown[], unknown[]] = [[], []];
    let isProven = false;
    const made = createApi({
      baseUrl: 'http://desk.test',
      client: 'desk',
      locale: () => 'zh-CN',
      onStepUp: async () => {
        isProven = proven;
        return proven;
      },
      fetch: async (request) => {
        keys.push(request.headers.get('Idempotency-Key'));
        bodies.push(await request.json());
        return isProven
          ? json({ role: {} }, 201)
          : json({ code: 'step_up_required', title: '请先再次验证身份', status: 403 }, 403);
      },
    });
    const call = answer(made.POST('/api/v1/staff/roles', { body: { name: '质检', permissions: [] } }));
    return { call, keys, bodies };
  }

  it('is made again as it was, once the person has shown that it is them', async () => {
    const { call, keys, bodies } = guarded(true);
    await expect(call).resolves.toEqual({ role: {} });
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
    expect(bodies[1]).toEqual({ name: '质检', permissions: [] });
  });

  it('stays refused if they do not', async () => {
    const { call, keys } = guarded(false);
    await expect(call).rejects.toMatchObject({ code: 'step_up_required' });
    expect(keys).toHaveLength(1);
  });
});
