import { afternoon, me } from '../world.ts';
import type { State } from './state.ts';

/** Before the desk stands, and after it has ended. */
export const door: Record<string, State> = {
  login: { path: '/login', world: () => ({ ...afternoon(), me: undefined }) },
  refused: {
    path: '/login',
    world: () => ({
      ...afternoon(),
      me: undefined,
      refuse: { '/api/v1/auth/login': { status: 401, code: 'login_failed', title: '账号或密码不正确' } },
    }),
  },
  password: { path: '/password', world: () => ({ ...afternoon(), me: { ...me, must_change_password: true } }) },
  unstarted: {
    path: '/conversation',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/auth/me': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    }),
  },
  starting: { path: '/conversation', world: () => ({ ...afternoon(), refuse: { '/api/v1/auth/me': 'never' } }) },
  ended: {
    path: '/conversation/c1',
    world: () => ({
      ...afternoon(),
      refuse: { '/api/v1/conversation/c1/draft': { status: 401, code: 'session_revoked', title: '登录已结束' } },
    }),
  },
};
