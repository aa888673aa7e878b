import { defineStore } from 'pinia';
import { ref } from 'vue';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'success' | 'danger';
}

/** Short words about something that just happened. Errors stay longer, because they must be read. */
export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([]);
  let last = 0;

  function show(text: string, tone: Toast['tone'] = 'plain') {
    const id = ++last;
    toasts.value = [...toasts.value.slice(-2), { id, text, tone }];
    setTimeout(() => dismiss(id), tone === 'danger' ? 8000 : 4000);
  }
  function dismiss(id: number) {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }
  return { toasts, show, dismiss };
});
