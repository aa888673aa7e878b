import { answer } from '@yingda/api';
import { ref } from 'vue';
import { useRouter } from 'vue-router';
import { useApi } from '../../outside.ts';
import { useToasts } from '../../parts/toast.ts';
import { useWords } from '../../parts/useWords.ts';
import { useLive } from './live.ts';

/** What an agent can do with a whole conversation. A refusal is told and nothing is left half done. */
export function useConversation() {
  const api = useApi();
  const live = useLive();
  const router = useRouter();
  const toasts = useToasts();
  const words = useWords();
  const busy = ref<ReadonlySet<string>>(new Set());

  async function attempt(id: string, action: () => Promise<void>) {
    if (busy.value.has(id)) return;
    busy.value = new Set([...busy.value, id]);
    try {
      await action();
    } catch (error) {
      toasts.show(words.problem(error), 'danger');
    } finally {
      busy.value = new Set([...busy.value].filter((other) => other !== id));
    }
  }

  const accept = (id: string) =>
    attempt(id, async () => {
      const { conversation } = await answer(
        api.POST('/api/v1/conversation/{id}/accept', { params: { path: { id } }, body: {} }),
      );
      live.adopt(conversation);
      await router.push({ name: 'conversation', params: { id } });
    });

  const close = (id: string) =>
    attempt(id, async () => {
      const { conversation } = await answer(
        api.POST('/api/v1/conversation/{id}/close', { params: { path: { id } }, body: {} }),
      );
      live.adopt(conversation);
    });

  const reopen = (id: string) =>
    attempt(id, async () => {
      const { conversation } = await answer(
        api.POST('/api/v1/conversation/{id}/reopen', { params: { path: { id } }, body: {} }),
      );
      live.adopt(conversation);
    });

  const recall = (id: string, seq: number) =>
    attempt(`${id}#${seq}`, async () => {
      await answer(api.POST('/api/v1/conversation/{id}/recall', { params: { path: { id } }, body: { seq } }));
    });

  return { busy, accept, close, reopen, recall };
}
