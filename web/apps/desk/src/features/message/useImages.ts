import { answer } from '@yingda/api';
import type { SendBody } from '@yingda/realtime';
import { onScopeDispose, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';

export const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
export const imageLimit = 10 * 1024 * 1024;
const fileLimit = 100 * 1024 * 1024;
/** What the choice of files offers; the server decides by the operator's settings. */
export const accepted = [...imageTypes, '.pdf', '.docx', '.xlsx', '.pptx', '.txt', '.csv', '.zip'].join(',');

export interface PendingImage {
  readonly id: number;
  readonly file: File;
  /** Drawn to a canvas, so that no blob: address is needed. Absent when the browser cannot decode it. */
  readonly picture?: ImageBitmap;
}

export type Wrong = 'type' | 'large';

/** Images and other files chosen, dropped or pasted, shown before they are sent. */
export function useImages() {
  const api = useApi();
  const images = shallowRef<readonly PendingImage[]>([]);
  let last = 0;

  async function add(files: Iterable<File>): Promise<Wrong | undefined> {
    let wrong: Wrong | undefined;
    for (const file of files) {
      const isImage = imageTypes.includes(file.type);
      if (!isImage && file.type.startsWith('image/')) wrong = 'type';
      else if (file.size > (isImage ? imageLimit : fileLimit)) wrong = 'large';
      else images.value = [...images.value, { id: ++last, file, picture: isImage ? await decoded(file) : undefined }];
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

  async function upload({ file: chosen }: PendingImage, conversation: string): Promise<SendBody> {
    const body = chosen as never; // docs/openapi.json takes bytes for an array of numbers
    const bodySerializer = (bytes: unknown) => bytes as never;
    const headers = { 'Content-Type': chosen.type || 'application/octet-stream' };
    if (imageTypes.includes(chosen.type)) {
      const query = { conversation };
      const call = api.POST('/api/v1/file/images', { params: { query }, headers, body, bodySerializer });
      const { file } = await answer(call);
      return { kind: 'image', body: { file: file.id, width: file.width ?? 1, height: file.height ?? 1 } };
    }
    const query = { conversation, name: chosen.name };
    const call = api.POST('/api/v1/file/documents', { params: { query }, headers, body, bodySerializer });
    const { file } = await answer(call);
    const name = file.name ?? chosen.name;
    return { kind: 'file', body: { file: file.id, name, bytes: file.bytes, media_type: file.media_type } };
  }

  onScopeDispose(() => {
    for (const image of images.value) image.picture?.close();
  });
  return { images, add, remove, upload };
}
