import { answer, type FactorState } from '@yingda/api';
import { ref, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';
import { useSession } from './session.ts';

/** One's own second factor. */
export function useFactor() {
  const api = useApi();
  const session = useSession();
  const state = shallowRef<FactorState>();
  const error = ref<unknown>();
  /** Shown once, after setting up or renewing. */
  const codes = shallowRef<readonly string[]>();

  async function load() {
    error.value = undefined;
    try {
      state.value = await answer(api.GET('/api/v1/auth/second-factor'));
    } catch (failure) {
      error.value = failure;
    }
  }
  const offer = () => answer(api.POST('/api/v1/auth/second-factor'));

  async function confirm(code: string) {
    const done = await answer(api.PUT('/api/v1/auth/second-factor', { body: { code } }));
    codes.value = done.codes ?? [];
  }
  async function renew() {
    const done = await answer(api.POST('/api/v1/auth/second-factor/codes'));
    codes.value = done.codes ?? [];
    await load();
  }
  async function remove() {
    await answer(api.DELETE('/api/v1/auth/second-factor'));
    await Promise.all([load(), session.refresh()]);
  }
  return { state, error, codes, load, offer, confirm, renew, remove };
}
