import { ApiError, answer, type Me } from '@yingda/api';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';
import { holds, type Right } from './right.ts';

/** Who sits at this desk, and why nobody does any more. */
export const useSession = defineStore('session', () => {
  const api = useApi();
  const me = shallowRef<Me>();
  const endedBy = ref<string>();
  let asked: Promise<void> | undefined;

  /** Asks the server once; a later login or end is known without asking. */
  function load(): Promise<void> {
    asked ??= ask().catch((error: unknown) => {
      asked = undefined; // the network may be back for the next try
      throw error;
    });
    return asked;
  }

  async function ask() {
    try {
      me.value = (await answer(api.GET('/api/v1/auth/me'))).staff;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      endedBy.value = undefined; // never logged in here is not an ending
    }
  }

  async function login(login: string, password: string) {
    await answer(api.POST('/api/v1/auth/login', { body: { login, password } }));
    me.value = (await answer(api.GET('/api/v1/auth/me'))).staff;
    endedBy.value = undefined;
    asked = Promise.resolve();
  }

  async function changePassword(old: string, fresh: string) {
    await answer(api.POST('/api/v1/auth/password', { body: { old, new: fresh } }));
    // Rights are withheld until the one-time password is gone: ask again who this is.
    me.value = (await answer(api.GET('/api/v1/auth/me'))).staff;
  }

  async function logout() {
    await answer(api.POST('/api/v1/auth/logout'));
    end('logged_out');
  }

  function end(reason: string) {
    endedBy.value = reason;
    me.value = undefined;
    asked = Promise.resolve();
  }

  /** The live connection has stopped for good. */
  function stopped(reason: string) {
    if (reason === 'login_required' || reason === 'password_change_required') expire(reason);
    else end(reason);
  }

  /** A call was answered with 401. While nobody is logged in that is the expected answer. */
  function expire(code: string) {
    if (me.value) end(code === 'session_revoked' ? code : 'session_expired');
  }

  const mustChange = computed(() => me.value?.must_change_password === true);
  /** A permission by the server's own name, for the finer things a page offers. */
  const can = (permission: string) => me.value?.permissions.includes(permission) === true;
  const may = (right: Right) => me.value !== undefined && holds(me.value.permissions, right);
  return { me, endedBy, mustChange, load, login, changePassword, logout, end, stopped, expire, can, may };
});
