import { answer } from '@yingda/api';
import type { ImageBody } from '@yingda/realtime';
import { type Ref, ref, watch } from 'vue';
import { useApi } from '../../outside.ts';

/** The short-lived address of an image. When it has run out a fresh one is asked for, once per failure. */
export function useImageLink(image: Ref<ImageBody>) {
  const api = useApi();
  const url = ref<string>();
  /** The small copy is enough in a thread. */
  const small = ref<string>();
  const failed = ref(false);
  let refreshed = false;

  async function refresh() {
    const file = image.value.file;
    failed.value = false;
    try {
      const link = await answer(api.POST('/api/v1/file/{id}/link', { params: { path: { id: file } } }));
      if (image.value.file !== file) return; // another is looked at by now
      url.value = link.url;
      small.value = link.thumbnail_url ?? link.url;
    } catch {
      if (image.value.file === file) failed.value = true; // said in the picture's own place, with a way to try again
    }
  }

  function onError() {
    failed.value = true;
    if (refreshed) return;
    refreshed = true;
    void refresh();
  }

  watch(
    image,
    (now, before) => {
      if (now.file !== before?.file) {
        url.value = undefined;
        failed.value = false;
        refreshed = false;
      }
      if (now.url) {
        url.value = now.url;
        small.value = now.thumbnail_url ?? now.url;
      } else if (!url.value) void refresh();
    },
    { immediate: true },
  );
  return { url, small, failed, refresh, onError };
}
