import type { RealtimeClient } from '@yingda/realtime';

const LARGEST = 10_000_000;
const LARGEST_FILE = 20_000_000;
const TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];
/** What the choice of files offers; the server decides by the operator's settings. */
export const ACCEPTED = `${TYPES.join()},.pdf,.docx,.xlsx,.pptx,.txt,.csv,.zip`;

/** An image or another file on its way to the server. Once it is there an ordinary entry takes its place. */
export interface Upload {
  readonly id: number;
  readonly conversation: string;
  readonly blob: Blob;
  /** What it is called; images go without. */
  readonly name?: string;
  /** A local address of the picture itself. */
  readonly url: string;
  /** The same for each try: an upload whose answer was lost is not kept twice. */
  readonly key: string;
  readonly progress: number;
  readonly failed: boolean;
  /** What the server said, in its reader's language. */
  readonly why?: string;
}
interface Stored {
  readonly file: { id: string; name?: string; width?: number; height?: number; bytes: number; media_type: string };
}

/** XMLHttpRequest because fetch tells no progress of what is sent. A refusal rejects with the server's words. */
function put(
  request: XMLHttpRequest,
  { conversation, blob, name, key }: Upload,
  token: string,
  onProgress: (share: number) => void,
): Promise<Stored> {
  return new Promise((resolve, reject) => {
    const query = `conversation=${encodeURIComponent(conversation)}`;
    const path = name === undefined ? `images?${query}` : `documents?${query}&name=${encodeURIComponent(name)}`;
    request.open('POST', `/api/v1/file/${path}`);
    request.timeout = 600_000;
    request.responseType = 'json';
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Content-Type', blob.type || 'application/octet-stream');
    request.setRequestHeader('Accept-Language', document.documentElement.lang || 'zh-CN');
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener('loadend', () => {
      if (request.status === 201 || request.status === 200) resolve(request.response as Stored);
      else reject((request.response as { title?: string } | null)?.title);
    });
    request.send(blob);
  });
}

export class Uploads {
  readonly #client: RealtimeClient;
  readonly #token: (fresh: boolean) => Promise<string>;
  readonly #changed: () => void;
  readonly #local = new Map<string, string>();
  readonly #going = new Map<number, XMLHttpRequest>();
  #all: readonly Upload[] = [];
  #last = 0;

  constructor(client: RealtimeClient, token: (fresh: boolean) => Promise<string>, changed: () => void) {
    this.#client = client;
    this.#token = token;
    this.#changed = changed;
  }

  of(conversation: string): readonly Upload[] {
    return this.#all.filter((upload) => upload.conversation === conversation);
  }
  /** The picture of a file sent from here: no need to fetch it back. */
  localUrl(file: string): string | undefined {
    return this.#local.get(file);
  }

  /** Why it cannot be sent, or undefined when it is on its way. */
  add(conversation: string, blob: Blob): 'imageTooBig' | 'imageBad' | undefined {
    const isImage = TYPES.includes(blob.type);
    const name = isImage || !(blob instanceof File) ? undefined : blob.name;
    if (!isImage && (name === undefined || blob.type.startsWith('image/'))) return 'imageBad';
    if (blob.size > (isImage ? LARGEST : LARGEST_FILE)) return 'imageTooBig';
    const url = isImage ? URL.createObjectURL(blob) : '';
    const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
    const upload = { id: ++this.#last, conversation, blob, name, url, key, progress: 0, failed: false };
    this.#all = [...this.#all, upload];
    void this.#send(upload);
    return undefined;
  }

  retry(id: number): void {
    const upload = this.#all.find((one) => one.id === id);
    if (upload) void this.#send(upload);
  }
  /** Takes it off; what is under way is broken off. */
  drop(id: number): void {
    const going = this.#going.get(id);
    this.#going.delete(id);
    going?.abort();
    this.#all = this.#all.filter((one) => one.id !== id);
    this.#changed();
  }

  async #send(upload: Upload): Promise<void> {
    const { id, conversation, blob, name, url } = upload;
    this.#set(id, { progress: 0, failed: false, why: undefined });
    try {
      const token = await this.#token(false);
      const request = new XMLHttpRequest();
      this.#going.set(id, request);
      const { file } = await put(request, upload, token, (progress) => this.#set(id, { progress }));
      if (name === undefined) {
        this.#local.set(file.id, url);
        const { width = 1, height = 1 } = file;
        this.#client.send(conversation, { kind: 'image', body: { file: file.id, width, height } });
      } else {
        const body = { file: file.id, name: file.name ?? name, bytes: blob.size, media_type: file.media_type };
        this.#client.send(conversation, { kind: 'file', body });
      }
      this.#going.delete(id);
      this.drop(id);
    } catch (error) {
      this.#set(id, { failed: true, why: typeof error === 'string' ? error : undefined }); // shown with a way to try again
    }
  }

  #set(id: number, change: Partial<Upload>): void {
    this.#all = this.#all.map((one) => (one.id === id ? { ...one, ...change } : one));
    this.#changed();
  }
}
