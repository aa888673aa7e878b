import { type Ref, ref, shallowRef } from 'vue';

interface Page<T> {
  items: T[];
  next?: string | null;
}

/** What a page draws of something it fetches; rows that come page by page have the rest too. */
export interface Shown {
  readonly loaded: Readonly<Ref<boolean>>;
  readonly error: Readonly<Ref<unknown>>;
  readonly load: () => Promise<void>;
  readonly items?: Readonly<Ref<readonly unknown[]>>;
  readonly next?: Readonly<Ref<string | undefined>>;
  readonly busy?: Readonly<Ref<boolean>>;
  readonly more?: () => Promise<void>;
}

/** Rows of a table, page by page. A newer question makes the answer to an older one worthless. */
export function useTable<T>(fetch: (after?: string) => Promise<Page<T>>) {
  const items = shallowRef<readonly T[]>([]);
  const next = ref<string>();
  const loaded = ref(false);
  const busy = ref(false);
  const error = ref<unknown>();
  let asked = 0;

  async function run(after?: string) {
    asked += 1;
    const mine = asked;
    busy.value = true;
    error.value = undefined;
    try {
      const page = await fetch(after);
      if (mine !== asked) return;
      items.value = after ? [...items.value, ...page.items] : page.items;
      next.value = page.next ?? undefined;
      loaded.value = true;
    } catch (failure) {
      if (mine === asked) error.value = failure;
    } finally {
      if (mine === asked) busy.value = false;
    }
  }
  return { items, next, loaded, busy, error, load: () => run(), more: () => run(next.value) };
}
