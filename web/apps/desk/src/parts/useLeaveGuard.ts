import { onMounted, onUnmounted, ref } from 'vue';
import { onBeforeRouteLeave } from 'vue-router';

/** Keeps somebody from leaving a page with changes that nobody saved: asks, or lets the browser ask. */
export function useLeaveGuard(isChanged: () => boolean) {
  const asking = ref(false);
  let answered: ((leave: boolean) => void) | undefined;

  onBeforeRouteLeave((to) => {
    // The way to the door stays free: whoever is sent there has no session any more, and nothing could be saved.
    if (to.meta.open || !isChanged()) return true;
    asking.value = true;
    answered?.(false);
    return new Promise<boolean>((resolve) => {
      answered = resolve;
    });
  });
  function settle(leave: boolean) {
    asking.value = false;
    answered?.(leave);
    answered = undefined;
  }

  const unload = (event: BeforeUnloadEvent) => isChanged() && event.preventDefault();
  onMounted(() => addEventListener('beforeunload', unload));
  onUnmounted(() => removeEventListener('beforeunload', unload));
  return { asking, settle };
}
