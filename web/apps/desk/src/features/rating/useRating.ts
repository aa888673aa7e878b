import { answer } from '@yingda/api';
import type { ThreadView } from '@yingda/realtime';
import { computed, type Ref, ref, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { useToasts } from '../../parts/toast.ts';
import { useWords } from '../../parts/useWords.ts';
import { ratingMarks } from './marks.ts';

/** What the customer said of the opened conversation. The log tells that something is there; the words are fetched. */
export function useRating(id: Ref<string>, view: Ref<ThreadView>) {
  const api = useApi();
  const toasts = useToasts();
  const words = useWords();
  const fetch = (of: string) => answer(api.GET('/api/v1/conversation/{id}/rating', { params: { path: { id: of } } }));
  const sheet = ref<Awaited<ReturnType<typeof fetch>>>();
  const marks = computed(() => ratingMarks(view.value));
  const invited = computed(() => marks.value.invited || sheet.value?.is_invited === true);

  watch(
    [id, () => marks.value.rated],
    async ([now, rated], [before]) => {
      if (now !== before) sheet.value = undefined;
      if (rated === 0) return;
      try {
        const told = await fetch(now);
        if (now === id.value) sheet.value = told;
      } catch (error) {
        toasts.show(words.problem(error), 'danger');
      }
    },
    { immediate: true },
  );

  async function invite() {
    try {
      const path = { id: id.value };
      sheet.value = await answer(api.POST('/api/v1/conversation/{id}/rating/invite', { params: { path }, body: {} }));
    } catch (error) {
      toasts.show(words.problem(error), 'danger');
    }
  }

  return {
    rating: computed(() => sheet.value?.rating),
    invited,
    isRated: computed(() => marks.value.rated > 0),
    invite,
  };
}
