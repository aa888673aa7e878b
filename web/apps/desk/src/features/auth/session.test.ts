import { beforeEach, describe, expect, it } from 'vitest';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon, me } from '../../../scenarios/world.ts';
import { firstRoom } from './right.ts';
import { useSession } from './session.ts';

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

/** A server with one account, 0716, whose one-time password is "once". */
function door() {
  const state = { logged: false, pending: true };
  const answer = async (request: Request) => {
    const path = new URL(request.url).pathname;
    const body =
      request.method === 'POST' ? (JSON.parse((await request.text()) || '{}') as Record<string, string>) : {};
    if (path.endsWith('/login')) {
      if (body.password !== 'once')
        return json({ code: 'auth.login_refused', title: '账号或密码不正确', status: 401 }, 401);
      state.logged = true;
    }
    if (path.endsWith('/password')) state.pending = false;
    if (path.endsWith('/logout')) state.logged = false;
    if (path.endsWith('/me') && !state.logged) return json({ code: 'login_required', title: '', status: 401 }, 401);
    const staff = { ...me, must_change_password: state.pending, permissions: state.pending ? [] : me.permissions };
    return json({ staff });
  };
  return { state, answer };
}

async function desk() {
  const server = door();
  const { made } = await stage(afternoon(), () => useSession(), server.answer);
  return { session: made, server };
}

beforeEach(() => localStorage.clear());

describe('a session', () => {
  it('is not there for a stranger, and that is no ending', async () => {
    const { session } = await desk();
    await session.load();
    expect(session.me).toBeUndefined();
    expect(session.endedBy).toBeUndefined();
  });

  it('is not opened by a wrong password', async () => {
    const { session } = await desk();
    await expect(session.login('0716', 'wrong')).rejects.toMatchObject({
      code: 'auth.login_refused',
      title: '账号或密码不正确',
    });
    expect(session.me).toBeUndefined();
  });

  it('has no rights before the one-time password is changed, and all of them right after', async () => {
    const { session } = await desk();
    await session.login('0716', 'once');
    expect(session.mustChange).toBe(true);
    expect(session.may('serve')).toBe(false);
    await session.changePassword('once', 'a password of my own');
    expect(session.mustChange).toBe(false);
    expect(session.may('serve')).toBe(true);
  });

  it('ends with its reason', async () => {
    const { session } = await desk();
    await session.login('0716', 'once');
    session.expire('session_revoked');
    expect([session.me, session.endedBy]).toEqual([undefined, 'session_revoked']);
    await session.login('0716', 'once');
    expect(session.endedBy).toBeUndefined();
    await session.logout();
    expect(session.endedBy).toBe('logged_out');
  });
});

it('leads everybody to the first room they may enter', () => {
  expect(firstRoom(['conversation.view', 'staff.view'])).toBe('conversation');
  expect(firstRoom(['staff.manage', 'staff.view'])).toBe('staff');
  expect(firstRoom(['audit.view'])).toBe('audit');
  expect(firstRoom(['staff.view'])).toBe('missing');
});
