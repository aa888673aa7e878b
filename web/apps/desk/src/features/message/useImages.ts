import { answer } from '@yingda/api';
import type { ImageBody } from '@yingda/realtime';
import { onScopeDispose, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';

export const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
export const imageLimit = 10 * 1024 * 1024;

export interface PendingImage {
  readonly id: number;
  readonly file: File;
  /** Drawn to a canvas, so that no blob: address is needed. Absent when the browser cannot decode it. */
  readonly picture?: ImageBitmap;
}

export type Wrong = 'type' | 'large';

/** Images chosen or pasted, shown before they are sent. */
export function useImages() {
  const api = useApi();
  const images = shallowRef<readonly PendingImage[]>([]);
  let last = 0;

  async function add(files: Iterable<File>): Promise<Wrong | undefined> {
    let wrong: Wrong | undefined;
    for (const file of files) {
      if (!imageTypes.includes(file.type)) wrong = 'type';
      else if (file.size > imageLimit) wrong = 'large';
      else images.value = [...images.value, { id: ++last, file, picture: await decoded(file) }];
    }
    return wrong;
  }

  async function decoded(file: File): Promise<ImageBitmap | undefined> {
    try {
      return await createImageBitmap(file);
    } catch (error) {
      if (error instanceof DOMException) return undefined; // the server judges; here only the preview is missing
      throw error;
    }
  }

  function remove(id: number) {
    images.value.find((image) => image.id === id)?.picture?.close();
    images.value = images.value.filter((image) => image.id !== id);
  }

  async function upload(image: PendingImage, conversation: string): Promise<ImageBody> {
    const { file } = await answer(
      api.POST('/api/v1/file/images', {
        params: { query: { conversation } },
        headers: { 'Content-Type': image.file.type },
        body: image.file as never, // docs/openapi.json takes bytes for an array of numbers
        bodySerializer: (body) => body,
      }),
    );
    return { file: file.id, width: file.width, height: file.height };
  }

  onScopeDispose(() => {
    for (const image of images.value) image.picture?.close();
  });
  return { images, add, remove, upload };
}
