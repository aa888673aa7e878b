import { answer, type Customer } from '@yingda/api';
import { type Ref, ref, shallowRef, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { useLive } from '../conversation/live.ts';

/** The profile of the customer shown beside the thread. A slower answer for an earlier one is dropped. */
export function useCustomer(id: Ref<string | undefined>) {
  const api = useApi();
  const live = useLive();
  const customer = shallowRef<Customer>();
  const error = ref<unknown>();

  async function load() {
    const wanted = id.value;
    error.value = undefined;
    if (!wanted) return;
    try {
      const got = (await answer(api.GET('/api/v1/customer/{id}', { params: { path: { id: wanted } } }))).customer;
      if (id.value === wanted) customer.value = got;
    } catch (failure) {
      if (id.value === wanted) error.value = failure;
    }
  }
  watch(
    id,
    () => {
      customer.value = undefined;
      void load();
    },
    { immediate: true },
  );
  watch(
    () => live.online,
    (online) => {
      if (online && error.value) void load();
    },
  );
  return { customer, error, load };
}
