import { answer, type Lately } from '@yingda/api';
import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';

/** Asked again this often, while somebody looks. */
const EVERY = 5000;

export type Span = 'minutes' | 'hour';

/** What the server measured, and goes on measuring. */
export function useLatency() {
  const api = useApi();
  const told = shallowRef<{ stages: Lately[]; requests: Lately[] }>();
  const error = ref<unknown>();
  const span = ref<Span>('minutes');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  async function load() {
    clearTimeout(timer);
    try {
      if (!document.hidden || !told.value) told.value = await answer(api.GET('/api/v1/latency'));
      error.value = undefined;
    } catch (failure) {
      error.value = failure;
    }
    if (!isOver) timer = setTimeout(load, EVERY);
  }
  onMounted(load);
  onBeforeUnmount(() => {
    isOver = true;
    clearTimeout(timer);
  });

  const loaded = computed(() => told.value !== undefined);
  const requests = computed(() => slowestFirst(told.value?.requests ?? [], span.value));
  return { told, loaded, error, span, requests, load };
}

/** Routes that were called in this while, those that keep people waiting first. */
export function slowestFirst(requests: readonly Lately[], span: Span): Lately[] {
  const called = requests.filter((one) => one[span].count > 0);
  return called.sort((a, b) => b[span].p95_ms - a[span].p95_ms || a.name.localeCompare(b.name));
}

/** `0.4`, `12`, `1,235`: as fine as it matters. */
export function milliseconds(ms: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: ms < 10 ? 1 : 0 }).format(ms);
}
