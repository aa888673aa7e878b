import { useState } from 'preact/hooks';

/** Storage that survives where the browser gives none (blocked third-party storage): then it lasts as long as the panel. */
export function safeStorage(): Storage {
  try {
    localStorage.setItem('yd:probe', '1');
    localStorage.removeItem('yd:probe');
    return localStorage;
  } catch {
    return memoryStore();
  }
}

/** As long as the page. */
export function memoryStore(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    clear: () => kept.clear(),
    getItem: (key) => kept.get(key) ?? null,
    key: (index) => [...kept.keys()][index] ?? null,
    removeItem: (key) => void kept.delete(key),
    setItem: (key, value) => void kept.set(key, value),
  };
}

/** A state that outlives a reload. The empty string is not kept. */
export function useKept(store: Storage, name: string): [string, (value: string) => void] {
  const [value, set] = useState(() => store.getItem(name) ?? '');
  return [
    value,
    (next) => {
      if (next === '') store.removeItem(name);
      else store.setItem(name, next);
      set(next);
    },
  ];
}
