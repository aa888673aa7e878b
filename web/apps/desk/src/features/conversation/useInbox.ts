import { answer } from '@yingda/api';
import type { Conversation } from '@yingda/realtime';
import { computed, ref, shallowReactive, shallowRef, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { usePreferences } from '../../preferences.ts';
import { useSession } from '../auth/session.ts';
import { type Box, boxOf, compare, hold, matches } from './inbox.ts';
import { useLive } from './live.ts';

interface Paged {
  ids: string[];
  next?: string;
  busy: boolean;
  loaded: boolean;
  error?: unknown;
}

/** The list beside the thread: which box, in what order, and the pages of the boxes that are not pushed. */
export function useInbox() {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  const preferences = usePreferences();

  const box = ref<Box>('mine');
  const query = ref('');
  const holding = ref(false);
  const order = shallowRef<readonly string[]>([]);
  const pages = shallowReactive<Record<'colleague' | 'closed', Paged>>({
    colleague: { ids: [], busy: false, loaded: false },
    closed: { ids: [], busy: false, loaded: false },
  });

  const known = computed(() => {
    const ids = new Set(live.inbox.conversations.map(({ id }) => id));
    for (const page of Object.values(pages)) for (const id of page.ids) ids.add(id);
    return [...ids].flatMap((id) => live.conversation(id) ?? []);
  });
  const inBox = (wanted: Box) => known.value.filter((one) => boxOf(one, session.me?.id ?? '') === wanted);

  const sorted = computed(() =>
    inBox(box.value)
      .filter((one) => matches(one, query.value))
      .sort(compare(sorting.value)),
  );
  // Nobody waits in a closed conversation, so only the newest makes sense there.
  const sorting = computed(() => (box.value === 'closed' ? 'newest' : preferences.sort));
  const rows = computed<readonly Conversation[]>(() =>
    holding.value ? hold(order.value, sorted.value) : sorted.value,
  );

  watch([box, query], () => {
    order.value = sorted.value.map(({ id }) => id);
  });
  watch(holding, (now) => {
    if (now) order.value = sorted.value.map(({ id }) => id);
  });

  const counts = computed(() => ({
    mine: live.inbox.counts?.mine ?? inBox('mine').length,
    queue: live.inbox.counts?.queue ?? inBox('queue').length,
    colleague: live.inbox.counts?.colleague ?? inBox('colleague').length,
  }));

  const page = computed(() => (box.value === 'colleague' || box.value === 'closed' ? pages[box.value] : undefined));
  const loaded = computed(() => page.value?.loaded ?? live.inbox.loaded);
  const error = computed(() => page.value?.error);

  async function loadMore(again = false) {
    const which = box.value;
    if (which !== 'colleague' && which !== 'closed') return;
    const held = pages[which];
    if (held.busy || (held.loaded && !held.next && !again)) return;
    pages[which] = { ...held, busy: true, error: undefined };
    try {
      const after = again ? undefined : held.next;
      const got = await answer(
        api.GET('/api/v1/conversation', { params: { query: { box: which, after, limit: 50 } } }),
      );
      live.adopt(...got.items);
      const ids = got.items.map(({ id }) => id);
      pages[which] = { ids: again ? ids : [...held.ids, ...ids], next: got.next, busy: false, loaded: true };
    } catch (failure) {
      pages[which] = { ...held, busy: false, error: failure };
    }
  }
  watch(box, () => void loadMore(true));

  return { box, query, holding, rows, counts, loaded, error, loadMore, sorting };
}
