import { answer } from '@yingda/api';
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { useApi } from '../../outside.ts';

/** Asks whoever sits here to show that it is still them, when a call wants to know. Calls made side by side ask once. */
export const useProof = defineStore('proof', () => {
  const api = useApi();
  const asking = ref(false);
  let answered: ((proven: boolean) => void) | undefined;
  let waiting: Promise<boolean> | undefined;

  function ask(): Promise<boolean> {
    waiting ??= new Promise<boolean>((resolve) => {
      asking.value = true;
      answered = resolve;
    }).finally(() => {
      waiting = undefined;
    });
    return waiting;
  }

  /** With a password or a code, whichever the server wants of this person. */
  async function prove(proof: string) {
    await answer(api.POST('/api/v1/auth/step-up', { body: { proof } }));
    settle(true);
  }

  /** `false`: given up; the call stays refused. */
  function settle(proven: boolean) {
    asking.value = false;
    answered?.(proven);
    answered = undefined;
  }
  return { asking, ask, prove, settle };
});
