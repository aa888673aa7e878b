import { CallError, Stop } from '@yingda/realtime';
import { subjectOf } from './identity.ts';
import { forgetFiles } from './uploads.ts';

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
  /** At the head, with its size in pixels. */
  readonly logo?: { readonly url: string; readonly width: number; readonly height: number };
  /** Large type for those who have not chosen. */
  readonly care?: boolean;
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    throw new CallError(0, 'network', String(cause));
  });
  const body = (await response.json().catch(() => ({}))) as T & { code?: string };
  if (!response.ok) throw new CallError(response.status, body.code ?? `http_${response.status}`);
  return body;
}

export const fetchSite = async (key: string, locale: string): Promise<Site> =>
  (await json<{ site: Site }>(`/api/v1/channel/sites/${encodeURIComponent(key)}?locale=${locale}`)).site;

interface TokenAnswer {
  token: string;
  expires_at: number;
  device_secret?: string;
  visitor: { readonly id: string; readonly name: string };
}
interface IdentifyAnswer extends TokenAnswer {
  is_senior: boolean;
  earlier?: { readonly conversations: number; readonly is_running: boolean };
}
/** A customer the host vouched for, who is not shown before the running talk of the nameless one is settled. */
interface Waiting {
  readonly secret: string;
  readonly who: string;
}

/** A server that takes longer does not answer: it must not hold back the next word. */
const ANSWERS_WITHIN = 10_000;

const post = <T>(path: string, body: unknown, more: RequestInit = {}): Promise<T> =>
  json<T>(`/api/v1/visit/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(more.headers as Record<string, string> | undefined) },
    body: JSON.stringify(body),
    keepalive: more.keepalive,
    signal: AbortSignal.timeout(ANSWERS_WITHIN),
  });

/**
 * The visitor's credentials: the device secret stays in this origin's storage, tokens are fetched with it and last an hour. Beside the
 * device the panel speaks as there may be `waiting`, a known customer, and `earlier`, a nameless device whose talk could be taken over.
 */
export class Visit {
  readonly #key: string;
  readonly #locale: string;
  readonly #store: Storage;
  #held: TokenAnswer | undefined;
  #asking: Promise<string> | undefined;
  /** How often somebody left: an answer that comes afterwards is nobody's. */
  #left = 0;

  constructor(key: string, locale: string, store: Storage) {
    this.#key = key;
    this.#locale = locale;
    this.#store = store;
  }

  /** The known customer this panel speaks for; empty: nobody vouched for. */
  get who(): string {
    return this.#get('who');
  }
  /** A known customer is here, perhaps waiting. */
  get isKnown(): boolean {
    return this.who !== '' || this.#get('waiting') !== '';
  }
  /** Names the outbox. */
  get identity(): string {
    return this.who ? `${this.nameless}:${this.who}` : this.nameless;
  }
  /** Whom the word named that brought the known customer, as the host calls them. */
  get subject(): string | undefined {
    return this.#get('subject') || undefined;
  }
  /** Names the outbox of whoever nobody vouched for. */
  get nameless(): string {
    return `visitor:${this.#key}`;
  }
  /** The customer may take over what was said before they were known. */
  get canAttach(): boolean {
    return this.#get('waiting') !== '' || this.#get('earlier') !== '';
  }

  /** One call at a time, here and across tabs: two first calls would make two devices of one browser. */
  token = (fresh: boolean): Promise<string> => {
    if (fresh) this.#held = undefined;
    if (this.#held && this.#held.expires_at - Date.now() > 60_000) return Promise.resolve(this.#held.token);
    this.#asking ??= this.#alone(() => this.#ask()).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  };

  /** Becomes the customer a signed word names; answers their name. Somebody else's traces go first. */
  async identify(token: string): Promise<string> {
    return this.#alone(async () => {
      const waiting = this.#waiting();
      const left = this.#left;
      const secret = (waiting?.secret ?? this.#get('device')) || undefined;
      const body = { site: this.#key, token, device_secret: secret, locale: this.#locale };
      const answer = await post<IdentifyAnswer>('identify', body).catch((error: unknown) => {
        // Two tabs of a new customer at the same moment: one was first.
        if (error instanceof CallError && error.status === 503) return post<IdentifyAnswer>('identify', body);
        throw error;
      });
      if (left !== this.#left) throw new CallError(0, 'network');
      const { visitor, device_secret, earlier } = answer;
      const isOther = this.isKnown && (this.who || waiting?.who) !== visitor.id;
      // With the nameless talk that waited beside them: it was not this one's.
      if (isOther) this.leave();
      this.#set('subject', subjectOf(token) ?? '');
      if (!isOther && waiting) {
        this.#wait(device_secret ?? waiting.secret, visitor.id);
        return visitor.name;
      }
      if (earlier?.is_running && !isOther && device_secret && !this.who) {
        this.#wait(device_secret, visitor.id);
        return visitor.name;
      }
      if (device_secret) {
        const wasNobody = !this.who && !isOther;
        const nameless = wasNobody ? this.#get('device') : '';
        // What the server has not seen goes along: it is still on the screen of who wrote it.
        this.#clear(wasNobody ? ['draft', 'birth', 'subject'] : ['subject']);
        if (earlier) this.#set('earlier', nameless);
        this.#set('device', device_secret);
      }
      this.#set('who', visitor.id);
      this.#held = answer;
      return visitor.name;
    });
  }

  /** Takes what was said before along (`true`), or leaves it behind for good. Afterwards this panel speaks for the known customer. */
  async settle(takes: boolean): Promise<void> {
    const waiting = this.#waiting();
    const nameless = waiting ? this.#get('device') : this.#get('earlier');
    if (takes) {
      const token = waiting ? (await this.#enter(waiting.secret)).token : await this.token(false);
      const headers = {
        Authorization: `Bearer ${token}`,
        'Idempotency-Key': crypto.getRandomValues(new Uint32Array(4)).join('-'),
      };
      await post('attach', { device_secret: nameless }, { headers }).catch((error: unknown) => {
        // Done before, and the answer was lost.
        if (!(error instanceof CallError && error.code === 'device_unknown')) throw error;
      });
    } else await post('leave', { site: this.#key, device_secret: nameless });
    this.#set('earlier', '');
    if (!waiting) return;
    this.#clear(['subject']);
    this.#set('device', waiting.secret);
    this.#set('who', waiting.who);
  }

  /** Forgets the known customer here at once, and tells the server to; nobody waits for it, it may be away, and the page may go. */
  leave(): void {
    const secrets = [this.#get('device'), this.#waiting()?.secret, this.#get('earlier')].filter((secret) => secret);
    this.#left += 1;
    this.#held = undefined;
    this.#clear();
    forgetFiles();
    for (const device_secret of secrets)
      post('leave', { site: this.#key, device_secret }, { keepalive: true }).catch(() => {}); // their time ends by itself
  }

  async #ask(): Promise<string> {
    const device_secret = this.#get('device') || undefined;
    try {
      this.#held = await this.#enter(device_secret);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.code === 'identity_expired') throw new Stop(error.code);
      if (error.code === 'device_unknown' && device_secret !== undefined) {
        // A known customer's device ended elsewhere: nothing of theirs stays here, and nobody new begins in their place.
        if (this.who) throw new Stop('identity_expired');
        this.#set('device', '');
        return this.#ask();
      }
      if (error.status === 403) throw new Stop(error.code);
      throw error;
    }
    if (this.#held.device_secret) this.#set('device', this.#held.device_secret);
    return this.#held.token;
  }

  #enter(device_secret: string | undefined): Promise<TokenAnswer> {
    return post<TokenAnswer>('token', { site: this.#key, device_secret, locale: this.#locale });
  }

  /** Locks are refused where storage is. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const { locks } = navigator as { locks?: LockManager };
    if (!locks) return work();
    let isOurs = false;
    const held = locks.request(`yingda-visit:${this.#key}`, () => {
      isOurs = true;
      return work();
    });
    return (held as Promise<T>).catch((error: unknown) => {
      if (isOurs) throw error;
      return work();
    });
  }

  #wait(secret: string, who: string): void {
    this.#set('waiting', JSON.stringify({ secret, who } satisfies Waiting));
  }
  #waiting(): Waiting | undefined {
    const kept = this.#get('waiting');
    return kept ? (JSON.parse(kept) as Waiting) : undefined;
  }
  /** Everything kept for whoever was here: secrets, drafts, which conversation was shown. */
  #clear(except: readonly string[] = []): void {
    const prefix = `yd:${this.#key}:`;
    const names = Array.from({ length: this.#store.length }, (_, n) => this.#store.key(n) ?? '');
    for (const name of names)
      if (name.startsWith(prefix) && !except.includes(name.slice(prefix.length))) this.#store.removeItem(name);
  }
  #get(what: string): string {
    return this.#store.getItem(`yd:${this.#key}:${what}`) ?? '';
  }
  #set(what: string, value: string): void {
    if (value) this.#store.setItem(`yd:${this.#key}:${what}`, value);
    else this.#store.removeItem(`yd:${this.#key}:${what}`);
  }
}
