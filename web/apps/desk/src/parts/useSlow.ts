import { onScopeDispose, ref, watch } from 'vue';

/** True once something has been waited for longer than 300 ms: before that a skeleton would only flicker. */
export function useSlow(waiting: () => boolean, afterMs = 300) {
  const slow = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    waiting,
    (now) => {
      clearTimeout(timer);
      slow.value = false;
      if (now)
        timer = setTimeout(() => {
          slow.value = true;
        }, afterMs);
    },
    { immediate: true },
  );
  onScopeDispose(() => clearTimeout(timer));
  return slow;
}
