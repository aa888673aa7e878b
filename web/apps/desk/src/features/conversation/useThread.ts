import { answer } from '@yingda/api';
import type { ThreadView } from '@yingda/realtime';
import { computed, onScopeDispose, type Ref, ref, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { useDrafts } from '../message/drafts.ts';
import { useLive } from './live.ts';

const empty = (conversation: string): ThreadView => ({
  conversation,
  items: [],
  loaded: false,
  hasOlder: false,
  held: 0,
  typing: [],
  unread: 0,
});

/** The opened conversation: brings it, its entries and its draft, and lets go of it when another is opened. */
export function useThread(id: Ref<string | undefined>) {
  const api = useApi();
  const live = useLive();
  const drafts = useDrafts();
  const error = ref<unknown>();

  const conversation = computed(() => (id.value ? live.conversation(id.value) : undefined));
  const view = computed(() => (id.value ? (live.threads.get(id.value) ?? empty(id.value)) : undefined));

  function leave(left?: string) {
    if (left && live.started) live.linked().leave(left);
  }

  async function load(wanted: string) {
    error.value = undefined;
    drafts.of(wanted);
    try {
      if (!live.conversation(wanted)) {
        live.adopt(
          (await answer(api.GET('/api/v1/conversation/{id}', { params: { path: { id: wanted } } }))).conversation,
        );
      }
      await live.open(wanted);
    } catch (failure) {
      if (id.value === wanted) error.value = failure;
      return;
    }
    await drafts.load(wanted);
  }

  function markRead() {
    if (id.value && live.online && document.visibilityState === 'visible' && document.hasFocus())
      live.linked().markRead(id.value);
  }

  watch(
    id,
    (now, before) => {
      leave(before);
      if (now) void load(now);
    },
    { immediate: true },
  );
  // Another history of the database empties everything held; what is open is asked for again.
  watch(
    () => id.value !== undefined && conversation.value === undefined && live.inbox.loaded && error.value === undefined,
    (lost, before) => {
      if (lost && before === false && id.value) void load(id.value);
    },
  );
  addEventListener('focus', markRead);
  onScopeDispose(() => {
    removeEventListener('focus', markRead);
    leave(id.value);
  });

  return { conversation, view, error, retry: () => id.value && load(id.value), markRead };
}
