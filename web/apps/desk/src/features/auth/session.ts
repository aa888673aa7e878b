import { ApiError, answer, type Me, type PasswordRule } from '@yingda/api';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';
import { holds, type Right } from './right.ts';

/** Who sits at this desk, and why nobody does any more. */
export const useSession = defineStore('session', () => {
  const api = useApi();
  const me = shallowRef<Me>();
  const passwordRule = shallowRef<PasswordRule>({ least: 10, history: 0, days: 0 });
  const endedBy = ref<string>();
  /** Wrong guesses of others at this account, told at the login. */
  const failures = ref(0);
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
      await refresh();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      endedBy.value = undefined; // never logged in here is not an ending
    }
  }

  /** Asks again who this is: rights may have been withheld until a password was changed or a second factor set up. */
  async function refresh() {
    const known = await answer(api.GET('/api/v1/auth/me'));
    passwordRule.value = known.password_rule;
    me.value = known.staff;
  }

  /** Answers the challenge to be given back with a code, if one is asked for. */
  async function login(login: string, password: string): Promise<string | undefined> {
    const done = await answer(api.POST('/api/v1/auth/login', { body: { login, password } }));
    if (done.challenge === undefined) await entered(done.failures);
    return done.challenge;
  }

  async function loginCode(challenge: string, code: string) {
    const done = await answer(api.POST('/api/v1/auth/login/code', { body: { challenge, code } }));
    await entered(done.failures);
  }

  async function entered(guesses = 0) {
    await refresh();
    failures.value = guesses;
    endedBy.value = undefined;
    asked = Promise.resolve();
  }

  async function changePassword(old: string, fresh: string) {
    await answer(api.POST('/api/v1/auth/password', { body: { old, new: fresh } }));
    await refresh();
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
    if (['login_required', 'password_change_required', 'second_factor_required'].includes(reason)) expire(reason);
    else end(reason);
  }

  /** A call was answered with 401. While nobody is logged in that is the expected answer. */
  function expire(code: string) {
    if (me.value) end(code === 'session_revoked' ? code : 'session_expired');
  }

  const mustEnrol = computed(() => me.value?.must_enrol === true);
  const mustChange = computed(() => me.value?.must_change_password === true);
  /** A permission by the server's own name, for the finer things a page offers. */
  const can = (permission: string) => me.value?.permissions.includes(permission) === true;
  const may = (right: Right) => me.value !== undefined && holds(me.value.permissions, right);
  return {
    me,
    passwordRule,
    endedBy,
    failures,
    mustChange,
    mustEnrol,
    load,
    refresh,
    login,
    loginCode,
    entered,
    changePassword,
    logout,
    end,
    stopped,
    expire,
    can,
    may,
  };
});
