import { CallError, type Conversation, type RealtimeClient, UNBORN } from '@yingda/realtime';
import type { PageFacts, PanelEvent } from '../messages.ts';
import type { Site } from './visit.ts';

/** A conversation asked for but not yet opened by the server; kept so that a reload or an outage cannot lose it. */
interface Birth {
  readonly client_id: string;
  readonly group?: string;
  readonly locale: string;
  readonly page?: PageFacts;
}
export type Notice = 'tooLate' | 'failed' | 'fileLarge' | 'fileEmpty' | 'fileType' | 'filesLost';
export interface SessionOptions {
  readonly site: Site;
  readonly locale: string;
  readonly client: RealtimeClient;
  readonly store: Storage;
  readonly newId: () => string;
  readonly now: () => number;
  readonly onEvent: (name: PanelEvent) => void;
}

/** An ended conversation older than this is not shown again by itself. */
const REOPEN_WITHIN = 86_400_000;

/** What the panel is about: which conversation is shown, and what the visitor does with it. Knows nothing of the screen. */
export class Session {
  readonly site: Site;
  readonly client: RealtimeClient;
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #current: string | undefined;
  #birth: Birth | undefined;
  #isBearing = false;
  readonly #opened = new Set<string>();
  /** The longest queue seen in this wait, for the progress line. */
  queueFrom = 0;
  notice: Notice | undefined;
  /** What the notice is about, said after it. */
  noticeOf = '';
  #page: PageFacts | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.site = options.site;
    this.client = options.client;
    const kept = options.store.getItem(this.#name('birth'));
    this.#birth = kept ? (JSON.parse(kept) as Birth) : undefined;
    this.#current = this.#birth
      ? UNBORN + this.#birth.client_id
      : (options.store.getItem(this.#name('current')) ?? undefined);
    this.client.on('inbox', () => this.#inboxChanged());
    this.client.on('thread', ({ conversation }) => conversation === this.#current && this.changed());
    this.client.on('sync', ({ phase }) => {
      if (phase === 'online') void this.#bear();
      this.changed();
    });
    this.client.on('acked', ({ conversation, movedTo }) => {
      if (movedTo && conversation === this.#current) this.#show(movedTo);
    });
  }

  get current(): string | undefined {
    return this.#current;
  }
  get conversation(): Conversation | undefined {
    return this.#current === undefined ? undefined : this.client.conversation(this.#current);
  }
  /** Asked for, not opened yet. */
  get isUnborn(): boolean {
    return this.#birth !== undefined && this.#current === UNBORN + this.#birth.client_id;
  }
  /** The latest conversation, to go back to from the home view. */
  get latest(): Conversation | undefined {
    return this.client.inbox().conversations.toSorted((a, b) => b.opened_at - a.opened_at)[0];
  }
  get isActive(): boolean {
    const { state } = this.conversation ?? {};
    return this.isUnborn || state === 'queued' || state === 'served';
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Opens a conversation and says the first words; all of it also works with no network. */
  begin(text?: string, group?: string): void {
    const { newId, locale, store } = this.#options;
    this.#birth = { client_id: newId(), group, locale, page: this.#page };
    store.setItem(this.#name('birth'), JSON.stringify(this.#birth));
    this.queueFrom = 0;
    this.notice = undefined;
    this.#current = UNBORN + this.#birth.client_id;
    if (text) this.say(text);
    void this.#bear();
    this.changed();
  }

  lookAt(page: PageFacts): void {
    this.#page = page;
    this.client.showPage(page);
  }

  say(text: string): void {
    if (this.#current === undefined) return;
    this.client.send(this.#current, { kind: 'text', body: { text } }, { locale: this.#options.locale });
  }

  resume(id: string): void {
    this.#show(id);
  }
  goHome(): void {
    this.#current = undefined;
    this.#options.store.removeItem(this.#name('current'));
    this.changed();
  }

  async end(): Promise<void> {
    if (this.isUnborn) this.#abandon();
    else await this.#act('close', {});
  }

  async reopen(): Promise<void> {
    try {
      await this.#act('reopen', {});
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== 'reopen_too_late') throw error;
      this.begin();
      this.notice = 'tooLate';
      this.changed();
    }
  }

  recall(seq: number): Promise<void> {
    return this.#act('recall', { seq });
  }

  warn(notice: Notice | undefined, about = ''): void {
    this.notice = notice;
    this.noticeOf = about;
    this.changed();
  }

  async #act(verb: 'close' | 'reopen' | 'recall', body: unknown): Promise<void> {
    const path = `/api/v1/conversation/${encodeURIComponent(this.#current ?? '')}/${verb}`;
    const answer = await this.client.call<{ conversation?: Conversation } | undefined>('POST', path, body);
    if (answer?.conversation) this.client.adopt(answer.conversation);
  }

  /** Brings the conversation into the world; repeated with the same client id until it is. */
  async #bear(): Promise<void> {
    const birth = this.#birth;
    if (!birth || this.#isBearing) return;
    this.#isBearing = true;
    try {
      const { conversation } = await this.client.call<{ conversation: Conversation }>(
        'POST',
        '/api/v1/conversation',
        birth,
        birth.client_id,
      );
      if (this.#birth !== birth) return; // given up meanwhile
      this.client.adopt(conversation);
      // Forgotten last: a page that ends in between bears it again, gets the same one, and loses no words.
      await this.client.move(UNBORN + birth.client_id, conversation.id);
      this.#forgetBirth();
      this.#show(conversation.id);
      this.#options.onEvent('started');
    } catch (error) {
      // Without an answer the next "online" tries again; a refusal is told.
      if (!(error instanceof CallError)) throw error;
      if (error.status >= 400 && error.status < 500 && error.status !== 429) this.#abandon('failed');
    } finally {
      this.#isBearing = false;
    }
  }

  #abandon(notice?: Notice): void {
    if (this.#birth) {
      const unborn = UNBORN + this.#birth.client_id;
      for (const { clientId, conversation } of this.client.outgoing())
        if (conversation === unborn) this.client.discard(clientId);
    }
    this.#forgetBirth();
    this.#current = undefined;
    this.notice = notice;
    this.changed();
  }

  #forgetBirth(): void {
    this.#birth = undefined;
    this.#options.store.removeItem(this.#name('birth'));
  }

  #show(id: string): void {
    this.#current = id;
    this.#opened.add(id);
    this.#options.store.setItem(this.#name('current'), id);
    this.client.open(id).catch((error: unknown) => {
      this.#opened.delete(id);
      if (error instanceof CallError && error.code !== 'network') this.goHome();
    });
    this.changed();
  }

  #inboxChanged(): void {
    const { position = 0, state } = this.conversation ?? {};
    this.queueFrom = state === 'queued' ? Math.max(this.queueFrom, position) : 0;
    if (!this.isUnborn) this.#find();
    this.changed();
  }

  /** The conversation to show without being asked: the one shown last, else one still open. */
  #find(): void {
    const { conversations, loaded } = this.client.inbox();
    if (!loaded) return;
    const shown =
      conversations.find(({ id }) => id === this.#current) ?? conversations.find(({ state }) => state !== 'closed');
    const isOld = shown?.state === 'closed' && this.#options.now() - (shown.closed_at ?? 0) > REOPEN_WITHIN;
    if (!shown || isOld) {
      if (this.#current !== undefined) this.goHome();
    } else if (shown.id !== this.#current || !this.#opened.has(shown.id)) this.#show(shown.id);
  }

  #name(what: string): string {
    return `yd:${this.site.key}:${what}`;
  }
}
