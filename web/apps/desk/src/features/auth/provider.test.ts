import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import { purposeOf, useProvider } from './provider.ts';

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

/** A service with a provider, which is `down` or not. */
async function desk(down = false) {
  const answer = async (request: Request) => {
    if (new URL(request.url).pathname !== '/api/v1/auth/oidc/begin')
      return json({ label: '员工门户', password: false });
    return down
      ? json({ code: 'oidc.unavailable', title: '统一认证服务暂时无法访问', status: 503 }, 503)
      : json({ url: 'https://id.example.cn/authorize' });
  };
  return (await stage(afternoon(), () => useProvider(), answer)).made;
}

const beside = { location: { href: '' }, close: vi.fn() };
beforeEach(() => {
  beside.location.href = '';
  beside.close.mockClear();
  vi.stubGlobal('open', () => beside);
});
afterEach(() => vi.unstubAllGlobals());

describe('the provider', () => {
  it('is offered by its name', async () => {
    const provider = await desk();
    await provider.ask();
    expect([provider.label, provider.passwords, provider.signOut]).toEqual(['员工门户', false, undefined]);
  });

  it('opens in a window beside, of which there is one at a time', async () => {
    const provider = await desk();
    expect(await provider.prove()).toBe(true);
    expect(beside.location.href).toBe('https://id.example.cn/authorize');
    expect(beside.close).not.toHaveBeenCalled();
    await provider.prove();
    expect(beside.close).toHaveBeenCalledOnce();
  });

  it('leaves no empty window when it cannot be reached', async () => {
    const provider = await desk(true);
    await expect(provider.prove()).rejects.toMatchObject({ code: 'oidc.unavailable' });
    expect(beside.close).toHaveBeenCalled();
  });

  it('tells by the state what somebody came back from', () => {
    expect([purposeOf('step_up.x'), purposeOf('link.x'), purposeOf('login.x'), purposeOf(undefined)]).toEqual([
      'step_up',
      'link',
      'login',
      'login',
    ]);
  });
});
