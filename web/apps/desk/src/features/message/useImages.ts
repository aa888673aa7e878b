import { answer } from '@yingda/api';
import type { SendBody } from '@yingda/realtime';
import { IMAGE_TYPES, type Unfit, unfit } from '@yingda/ui';
import { defineStore } from 'pinia';
import { shallowReactive, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { useSession } from '../auth/session.ts';
import { useFileRules } from './rules.ts';

export interface PendingImage {
  readonly id: number;
  readonly file: File;
  /** Drawn to a canvas, so that no blob: address is needed. Absent when the browser cannot decode it. */
  readonly picture?: ImageBitmap;
}

const none: readonly PendingImage[] = [];

/**
 * Images and other files chosen, dropped or pasted, shown before they are sent. They belong to the conversation they were put into and wait there,
 * whatever else is opened meanwhile. Their content is not written to this device, which colleagues may use too: after a reload
 * only their names are told, so that they can be chosen again.
 */
export const useImages = defineStore('images', () => {
  const api = useApi();
  const session = useSession();
  const allowed = useFileRules();
  const images = shallowReactive(new Map<string, readonly PendingImage[]>());
  const place = 'yingda.desk.files';
  /** Names of those that a reload has taken away, by conversation. */
  const lost = shallowReactive(new Map<string, readonly string[]>(Object.entries(takeNames())));
  let last = 0;

  const of = (conversation: string) => images.get(conversation) ?? none;

  function takeNames(): Record<string, string[]> {
    const kept = sessionStorage.getItem(place);
    sessionStorage.removeItem(place);
    const told = kept === null ? undefined : (JSON.parse(kept) as { by: string; names: Record<string, string[]> });
    return told?.by === session.me?.id ? (told?.names ?? {}) : {};
  }
  function keepNames() {
    const names = Object.fromEntries([...images].map(([id, all]) => [id, all.map(({ file }) => file.name)]));
    if (images.size === 0) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, JSON.stringify({ by: session.me?.id, names }));
  }
  function put(conversation: string, all: readonly PendingImage[]) {
    if (all.length > 0) images.set(conversation, all);
    else images.delete(conversation);
    keepNames();
  }

  async function add(conversation: string, files: Iterable<File>): Promise<Unfit | undefined> {
    let problem: Unfit | undefined;
    lost.delete(conversation);
    for (const file of files) {
      const refused = unfit(file, allowed.rules);
      if (refused) problem = refused;
      else {
        const picture = IMAGE_TYPES.includes(file.type) ? await decoded(file) : undefined;
        put(conversation, [...of(conversation), { id: ++last, file, picture }]);
      }
    }
    return problem;
  }

  async function decoded(file: File): Promise<ImageBitmap | undefined> {
    try {
      return await createImageBitmap(file);
    } catch (error) {
      if (error instanceof DOMException) return undefined; // the server judges; here only the preview is missing
      throw error;
    }
  }

  function remove(conversation: string, id: number) {
    const all = of(conversation);
    all.find((image) => image.id === id)?.picture?.close();
    put(
      conversation,
      all.filter((image) => image.id !== id),
    );
  }

  async function upload({ file: chosen }: PendingImage, conversation: string): Promise<SendBody> {
    const body = chosen as never; // docs/openapi.json takes bytes for an array of numbers
    const bodySerializer = (bytes: unknown) => bytes as never;
    const headers = { 'Content-Type': chosen.type || 'application/octet-stream' };
    if (IMAGE_TYPES.includes(chosen.type)) {
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

  // The browser asks whoever would leave them behind.
  addEventListener('beforeunload', (event) => {
    if (images.size > 0) event.preventDefault();
  });
  // Nothing of one person waits for the next one at this desk.
  watch(
    () => session.me,
    (me) => {
      if (me) return;
      for (const all of images.values()) for (const image of all) image.picture?.close();
      images.clear();
      lost.clear();
      keepNames();
    },
  );
  return { of, lost, add, remove, upload };
});
