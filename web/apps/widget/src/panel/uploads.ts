import type { RealtimeClient } from '@yingda/realtime';

const LARGEST = 10_000_000;
const TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

/** An image on its way to the server. Once it is there an ordinary entry of kind `image` takes its place. */
export interface Upload {
  readonly id: number;
  readonly conversation: string;
  readonly blob: Blob;
  /** A local address of the picture itself. */
  readonly url: string;
  readonly progress: number;
  readonly failed: boolean;
}
interface Stored {
  readonly file: { readonly id: string; readonly width: number; readonly height: number };
}

/** XMLHttpRequest because fetch tells no progress of what is sent. */
function put(path: string, blob: Blob, token: string, onProgress: (share: number) => void): Promise<Stored> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.timeout = 120_000;
    request.responseType = 'json';
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Content-Type', blob.type);
    request.setRequestHeader('Idempotency-Key', crypto.getRandomValues(new Uint32Array(4)).join('-'));
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener('loadend', () => {
      if (request.status === 201 || request.status === 200) resolve(request.response as Stored);
      else reject(new Error(`upload refused: ${request.status}`));
    });
    request.send(blob);
  });
}

export class Uploads {
  readonly #client: RealtimeClient;
  readonly #token: (fresh: boolean) => Promise<string>;
  readonly #changed: () => void;
  readonly #local = new Map<string, string>();
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
    if (!TYPES.includes(blob.type)) return 'imageBad';
    if (blob.size > LARGEST) return 'imageTooBig';
    const upload = { id: ++this.#last, conversation, blob, url: URL.createObjectURL(blob), progress: 0, failed: false };
    this.#all = [...this.#all, upload];
    void this.#send(upload);
    return undefined;
  }

  retry(id: number): void {
    const upload = this.#all.find((one) => one.id === id);
    if (upload) void this.#send(upload);
  }
  drop(id: number): void {
    this.#all = this.#all.filter((one) => one.id !== id);
    this.#changed();
  }

  async #send({ id, conversation, blob, url }: Upload): Promise<void> {
    this.#set(id, { progress: 0, failed: false });
    try {
      const path = `/api/v1/file/images?conversation=${encodeURIComponent(conversation)}`;
      const { file } = await put(path, blob, await this.#token(false), (progress) => this.#set(id, { progress }));
      this.#local.set(file.id, url);
      this.#client.send(conversation, {
        kind: 'image',
        body: { file: file.id, width: file.width, height: file.height },
      });
      this.drop(id);
    } catch {
      this.#set(id, { failed: true }); // shown with a way to try again
    }
  }

  #set(id: number, change: Partial<Upload>): void {
    this.#all = this.#all.map((one) => (one.id === id ? { ...one, ...change } : one));
    this.#changed();
  }
}
