import type { RealtimeClient } from '@yingda/realtime';
import { type FileRules, IMAGE_TYPES, type Unfit, unfit } from '@yingda/ui';
import { parts } from './later.ts';

/** That something was not sent yet, for a word after a reload. Of this tab only, and neither content nor names: others may use this computer too. */
const PLACE = 'yd:files';

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
/** None where the browser keeps a panel of another site from all storage. */
function sessionStore(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/** Somebody else comes: it is not theirs to hear of. */
export const forgetFiles = (): void => sessionStore()?.removeItem(PLACE);

export class Uploads {
  readonly #client: RealtimeClient;
  readonly #token: (fresh: boolean) => Promise<string>;
  readonly #changed: () => void;
  readonly #local = new Map<string, string>();
  readonly #going = new Map<number, XMLHttpRequest>();
  #all: readonly Upload[] = [];
  #last = 0;
  /** What the operator lets people send; until it is known the server alone judges. */
  rules: FileRules | undefined;
  /** A reload has taken files away. */
  lost = sessionStore()?.getItem(PLACE) != null;

  constructor(client: RealtimeClient, token: (fresh: boolean) => Promise<string>, changed: () => void) {
    this.#client = client;
    this.#token = token;
    this.#changed = changed;
  }

  of(conversation: string): readonly Upload[] {
    return this.#all.filter((upload) => upload.conversation === conversation);
  }
  /** A reload would take files away. */
  get isBusy(): boolean {
    return this.#all.length > 0;
  }
  /** The picture of a file sent from here: no need to fetch it back. */
  localUrl(file: string): string | undefined {
    return this.#local.get(file);
  }

  /** Asks for the rules, and for the part that shows an upload, while there is a network. */
  async ask(): Promise<void> {
    this.rules ??= await this.#client.call<FileRules>('GET', '/api/v1/file/rules');
    this.#changed();
    await parts.upload.load();
  }

  /** Why it cannot be sent, or undefined when it is on its way. */
  add(conversation: string, blob: Blob): Unfit | undefined {
    const isImage = IMAGE_TYPES.includes(blob.type);
    const name = isImage || !(blob instanceof File) ? undefined : blob.name;
    const refused = unfit({ name, type: blob.type, size: blob.size }, this.rules);
    if (refused) return refused;
    const url = isImage ? URL.createObjectURL(blob) : '';
    const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
    const upload = { id: ++this.#last, conversation, blob, name, url, key, progress: 0, failed: false };
    this.#all = [...this.#all, upload];
    this.#keep();
    void this.#send(upload);
    return undefined;
  }

  retry(id: number): void {
    const upload = this.#all.find((one) => one.id === id);
    if (upload) void this.#send(upload);
  }
  /** Takes it off; what is under way is broken off. */
  discard(id: number): void {
    const going = this.#going.get(id);
    this.#going.delete(id);
    going?.abort();
    this.#all = this.#all.filter((one) => one.id !== id);
    this.#changed();
    this.#keep();
  }

  async #send(upload: Upload): Promise<void> {
    const { id, conversation, blob, name, url } = upload;
    this.#set(id, { progress: 0, failed: false, why: undefined });
    try {
      const { put } = await parts.upload.load();
      const token = await this.#token(false);
      if (!this.#all.some((one) => one.id === id)) return; // taken off meanwhile
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
      this.discard(id);
    } catch (error) {
      this.#set(id, { failed: true, why: typeof error === 'string' ? error : undefined }); // shown with a way to try again
    }
  }

  #keep(): void {
    if (this.#all.length > 0) sessionStore()?.setItem(PLACE, '1');
    else forgetFiles();
  }

  #set(id: number, change: Partial<Upload>): void {
    this.#all = this.#all.map((one) => (one.id === id ? { ...one, ...change } : one));
    this.#changed();
  }
}
