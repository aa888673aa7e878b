import { CallError, Stop } from '@yingda/realtime';

/** What the operator set for the page this panel serves. */
export interface Site {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly title: string;
  readonly greeting: string;
  readonly locale: string;
  readonly hot_questions: readonly string[];
  readonly groups: readonly { readonly id: string; readonly name: string }[];
  readonly preview: boolean;
  readonly brand?: string;
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    throw new CallError(0, 'network', String(cause));
  });
  const body = (await response.json().catch(() => ({}))) as T & { code?: string };
  if (!response.ok) throw new CallError(response.status, body.code ?? `http_${response.status}`);
  return body;
}

export const fetchSite = async (key: string): Promise<Site> =>
  (await json<{ site: Site }>(`/api/v1/channel/sites/${encodeURIComponent(key)}`)).site;

interface TokenAnswer {
  token: string;
  expires_at: number;
  device_secret?: string;
}

/** The visitor's credentials: the device secret stays in this origin's storage, tokens are fetched with it and last an hour. */
export class Visit {
  readonly #key: string;
  readonly #locale: string;
  readonly #store: Storage;
  #held: TokenAnswer | undefined;
  #asking: Promise<string> | undefined;

  constructor(key: string, locale: string, store: Storage) {
    this.#key = key;
    this.#locale = locale;
    this.#store = store;
  }

  /** One call at a time, here and across tabs: two first calls would make two devices of one browser. */
  token = (fresh: boolean): Promise<string> => {
    if (fresh) this.#held = undefined;
    if (this.#held && this.#held.expires_at - Date.now() > 60_000) return Promise.resolve(this.#held.token);
    const ask = () => this.#ask();
    this.#asking ??= ('locks' in navigator ? navigator.locks.request(`yingda-visit:${this.#key}`, ask) : ask()).finally(
      () => {
        this.#asking = undefined;
      },
    );
    return this.#asking;
  };

  async #ask(): Promise<string> {
    const name = `yd:${this.#key}:device`;
    const device_secret = this.#store.getItem(name) ?? undefined;
    try {
      this.#held = await json<TokenAnswer>('/api/v1/visit/token', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ site: this.#key, device_secret, locale: this.#locale }),
      });
    } catch (error) {
      if (error instanceof CallError && error.code === 'device_unknown' && device_secret !== undefined) {
        this.#store.removeItem(name);
        return this.#ask();
      }
      if (error instanceof CallError && error.status === 403) throw new Stop(error.code);
      throw error;
    }
    if (this.#held.device_secret) this.#store.setItem(name, this.#held.device_secret);
    return this.#held.token;
  }
}
