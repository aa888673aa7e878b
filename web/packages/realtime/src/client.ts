import { CallError, fetchJson, newId } from './call.ts';
import { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import { Healer } from './healer.ts';
import { Outbox } from './outbox.ts';
import { ConversationStore } from './store.ts';
import type { InboxView, Outgoing, RealtimeEvents, SyncState, ThreadView } from './view.ts';
import type {
  Conversation,
  Entry,
  ErrorFrame,
  HelloFrame,
  InboxFrame,
  Page,
  PongFrame,
  Resume,
  SendBody,
  Seq,
  ServerFrame,
} from './wire.ts';
import { Writing } from './writing.ts';

export interface RealtimeOptions {
  /** Origin of the server, without a trailing slash; "" for the page's own. */
  readonly base?: string;
  /** Whose side this client is on: decides whose read marks count as "theirs". */
  readonly side: 'customer' | 'staff';
  /** Names the outbox and its lock: one per person and origin, e.g. `staff:<id>` or `visitor:<site key>`. */
  readonly identity: string;
  readonly client: { readonly kind: string; readonly version: string };
  /** A bearer token, or undefined where a cookie speaks. `fresh` = the last one was refused as expired or invalid. */
  readonly token?: (fresh: boolean) => Promise<string | undefined>;
  /** Extra headers of calls, e.g. {"X-Yingda-Client": "desk"}. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Supervisors keep the bodies of recalled entries. */
  readonly keepRecalled?: boolean;
}

/** How many of the newest entries `open` brings, and `loadOlder` adds. */
const PAGE = 100;
/** "Delivered" of several entries goes in one frame. */
const DELIVERED_WITHIN = 200;

/**
 * The one live connection of a tab. Usage:
 *   const client = new RealtimeClient({side: 'staff', identity: `staff:${me.id}`, client: {kind: 'desk', version}, headers});
 *   client.on('sync', show); client.on('inbox', list); client.on('thread', ({conversation}) => draw(client.thread(conversation)));
 *   await client.start();  await client.open(id);  client.send(id, {kind: 'text', body: {text}});
 */
export class RealtimeClient {
  readonly #env: Environment;
  readonly #options: RealtimeOptions;
  readonly #emitter: Emitter<RealtimeEvents>;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #store: ConversationStore;
  #generation: string | undefined;
  #skew = 0;
  #recallWithin = 120_000;
  #unwatch: () => void = () => {};
  readonly #healer: Healer;
  readonly #deliver = new Set<string>();
  #deliverTimer: number | undefined;
  readonly #opening = new Map<string, { done: Promise<void>; resolve(): void; reject(error: CallError): void }>();
  #page: Page | undefined;
  readonly #writing: Writing;

  constructor(options: RealtimeOptions, env: Environment = browserEnvironment(options.base ?? '')) {
    this.#env = env;
    this.#options = options;
    this.#emitter = new Emitter((error) => env.report(error));
    const { base = '', client, token, headers = {} } = options;
    this.#connection = new Connection(
      env,
      { base, client, token, headers },
      {
        greeting: () => this.#greeting(),
        up: (hello) => this.#up(hello),
        down: () => this.#down(),
        frame: (frame) => this.#frame(frame),
        sync: (state) => this.#emitter.emit('sync', state),
      },
    );
    this.#writing = new Writing(env, (frame) => this.#connection.send(frame));
    this.#outbox = new Outbox(env, options.identity, {
      transmit: (item) => this.#transmit(item),
      changed: (conversation) => this.#store.changed(conversation),
      committed: (item, seq, movedTo) => this.#committed(item, seq, movedTo),
      refused: (outgoing) =>
        this.#emitter.emit('refused', { ...outgoing.error!, conversation: outgoing.conversation, outgoing }),
    });
    const sources = {
      outgoing: (conversation: string) => this.#outbox.items(conversation),
      isStored: (clientId: string) => this.#outbox.isStored(clientId),
      online: () => this.#connection.up,
    };
    this.#store = new ConversationStore(env, options, sources, this.#emitter);
    this.#healer = new Healer(env, {
      ask: (conversations) => this.#askFor(conversations),
      behind: (conversation) => this.#store.behind(conversation),
      held: (conversation) => this.#store.held(conversation),
    });
  }

  get sync(): SyncState {
    return this.#connection.state;
  }
  /** Server's clock minus ours, in ms, as last told. */
  get skew(): number {
    return this.#skew;
  }

  /** How long an own entry may be recalled, in ms, as last told. */
  get recallWithin(): number {
    return this.#recallWithin;
  }

  /** Loads the outbox and connects; resolves when the outbox is loaded, not when connected. */
  async start(): Promise<void> {
    await this.#outbox.load().catch((error: unknown) => this.#env.report(error));
    this.#unwatch = this.#env.watch((what) => this.#pageChanged(what));
    this.#connection.start();
  }

  /** Says bye and stops for good; the outbox stays on disk. */
  stop(reason = 'closed'): void {
    this.#unwatch();
    this.#connection.stop(reason);
    this.#outbox.close();
  }

  on<K extends keyof RealtimeEvents>(type: K, listener: (event: RealtimeEvents[K]) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  inbox(): InboxView {
    return this.#store.inbox();
  }
  conversation(id: string): Conversation | undefined {
    return this.#store.conversation(id);
  }
  thread(id: string): ThreadView {
    return this.#store.thread(id);
  }
  /** Takes a conversation as an HTTP answer gave it (accept, close, open …); an older `rev` than the held one is ignored. */
  adopt(conversation: Conversation): void {
    this.#store.adopt(conversation);
    if (this.#store.behind(conversation.id)) this.#healer.want(conversation.id);
  }

  /**
   * Subscribes and brings the newest entries; waits while offline. Rejects with CallError when the conversation cannot be seen. Left before
   * they came it resolves with nothing loaded.
   */
  async open(id: string): Promise<void> {
    if (this.#store.loaded(id)) return;
    const known = this.#opening.get(id);
    if (known) return known.done;
    let [resolve, reject]: [() => void, (error: CallError) => void] = [() => {}, () => {}];
    const done = new Promise<void>((yes, no) => {
      [resolve, reject] = [yes, no];
    });
    const mine = { done, resolve, reject };
    this.#opening.set(id, mine);
    const isWanted = () => this.#opening.get(id) === mine;
    const stop = this.on('thread', ({ conversation }) => {
      if (conversation === id && this.#store.loaded(id)) resolve();
    });
    try {
      if (!this.#store.conversation(id)) await this.#fetchConversation(id);
      if (!isWanted()) return;
      this.#store.begin(id, Math.max(0, (this.#store.conversation(id)?.head ?? 0) - PAGE));
      this.#healer.want(id);
      await done;
    } catch (error) {
      if (!isWanted()) return;
      this.#store.end(id);
      throw error;
    } finally {
      stop();
      if (isWanted()) this.#opening.delete(id);
    }
  }

  /** Stops healing and drops the entries of a conversation no longer shown (own ones stay subscribed on the server). */
  leave(id: string): void {
    const opening = this.#opening.get(id);
    this.#opening.delete(id);
    this.#store.end(id);
    opening?.resolve();
  }

  async loadOlder(id: string): Promise<void> {
    const floor = this.#store.floor(id);
    if (floor === 0) return;
    const page = await this.call<{ entries: Entry[] }>(
      'GET',
      `/api/v1/conversation/${encodeURIComponent(id)}/entries?before=${floor + 1}&limit=${PAGE}`,
    );
    if (this.#store.floor(id) === floor) this.#store.prepend(id, page.entries, page.entries.length < PAGE);
  }

  /** Puts it into the outbox and shows it at once; returns the outgoing entry (its clientId). */
  send(conversation: string, content: SendBody, extra: { epoch?: number; locale?: string } = {}): Outgoing {
    this.#writing.said(conversation);
    return this.#outbox.add(conversation, content, extra);
  }
  /** Sends a finally refused entry once more, under a new client id. */
  retry(clientId: string): void {
    this.#outbox.retry(clientId);
  }
  /** Takes a refused or waiting entry out of the outbox. */
  discard(clientId: string): void {
    this.#outbox.discard(clientId);
  }
  /** Everything not yet acknowledged, in order. */
  outgoing(): readonly Outgoing[] {
    return this.#outbox.items();
  }
  /** Gives outgoing entries of one conversation to another (a conversation opened while offline got its real id). */
  move(from: string, to: string): Promise<void> {
    return this.#outbox.move(from, to);
  }

  /** Throttled; ends by itself when not repeated. */
  typing(conversation: string, on: boolean): void {
    this.#writing.typing(conversation, on);
  }
  /** What is being written, not yet said: the latest text, a few times a second at most. */
  preview(conversation: string, text: string): void {
    this.#writing.preview(conversation, text);
  }
  /** Marks everything held as read; never goes back. "Delivered" is reported by itself. */
  markRead(conversation: string): void {
    const read = this.#store.held(conversation) ?? 0;
    if (this.#store.mark(conversation, 'mine', read)) {
      this.#connection.send({ type: 'read', conversation, delivered: read, read });
    }
  }
  presence(change: { accepting?: boolean; visible?: boolean; page?: Page }): void {
    this.#connection.send({ type: 'presence', ...change });
  }
  /** The page a visitor looks at now; told again by every new connection. */
  showPage(page: Page): void {
    this.#page = page;
    this.presence({ page });
  }

  /** A JSON call with token, headers, a fresh Idempotency-Key on POST, and problems as CallError. `path` begins with /api/. */
  async call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, key = newId()): Promise<T> {
    const { base = '', headers = {}, token } = this.#options;
    const once = async (fresh: boolean) => {
      const bearer = fresh || !this.#connection.token ? await token?.(fresh) : this.#connection.token;
      const all: Record<string, string> = { ...headers };
      if (bearer) all.Authorization = `Bearer ${bearer}`;
      if (method === 'POST') all['Idempotency-Key'] = key;
      if (body !== undefined) all['Content-Type'] = 'application/json';
      return fetchJson<T>(this.#env, `${base}${path}`, {
        method,
        headers: all,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    };
    return once(false).catch((error: unknown) => {
      const isStale = error instanceof CallError && error.status === 401 && token !== undefined;
      if (isStale) return once(true);
      throw error;
    });
  }

  /** Wakes a waiting reconnect now (立即重连). */
  retryNow(): void {
    this.#connection.retryNow();
  }

  #greeting() {
    const resume = this.#store
      .opened()
      .slice(0, 200)
      .map((id) => this.#resumeOf(id));
    return { ...this.#histories(), resume };
  }
  #histories() {
    return { generation: this.#generation, inbox_rev: this.#store.inboxRev };
  }

  #up(hello: HelloFrame): void {
    this.#takeHello(hello);
    this.#emitter.emit('hello', { you: hello.you });
    this.presence({ visible: this.#env.visible(), page: this.#page });
    for (const id of this.#store.opened()) this.#sendMarks(id);
    this.#outbox.resume();
    this.#store.connectionChanged();
  }

  #down(): void {
    this.#writing.forget();
    this.#outbox.pause();
    this.#healer.reset();
    this.#store.connectionChanged();
  }

  #takeHello(hello: HelloFrame): void {
    this.#skew = hello.now - this.#env.now();
    this.#recallWithin = hello.recall_ms ?? this.#recallWithin;
    if (this.#meetGeneration(hello.generation)) return;
    for (const subscription of hello.subscriptions) {
      const { conversation } = subscription;
      if ('error' in subscription) {
        this.#opening.get(conversation)?.reject(new CallError(403, subscription.error));
        this.#store.end(conversation);
      } else this.#store.tellHead(conversation, subscription.head);
    }
  }

  /** True when the server's history is another than ours: everything has been dropped and asked for again. */
  #meetGeneration(generation: string): boolean {
    const isOther = this.#generation !== undefined && this.#generation !== generation;
    this.#generation = generation;
    if (!isOther) return false;
    this.#store.reset();
    this.#outbox.pause();
    this.#connection.send({ type: 'hello', ...this.#greeting() });
    this.#outbox.resume();
    return true;
  }

  /** Ping and bye are the connection's own; frames a later version adds are ignored. */
  #frame(frame: ServerFrame): void {
    const store = this.#store;
    if (frame.type === 'entry') this.#takeEntry(frame);
    else if (frame.type === 'ack') this.#outbox.acked(frame);
    else if (frame.type === 'inbox') this.#takeInbox(frame);
    else if (frame.type === 'read') store.takeRead(frame);
    else if (frame.type === 'typing') store.takeTyping(frame);
    else if (frame.type === 'preview') store.takePreview(frame);
    else if (frame.type === 'pong') this.#takePong(frame);
    else if (frame.type === 'hello') this.#takeHello(frame);
    else if (frame.type === 'error') this.#takeError(frame);
    else if (frame.type === 'presence') {
      if ('conversation' in frame) store.takeAway(frame.conversation, frame.participant, frame.away);
      else this.#emitter.emit('presence', frame);
    }
  }

  #takeInbox(frame: InboxFrame): void {
    this.#store.takeInbox(frame);
    for (const id of this.#store.opened()) if (this.#store.behind(id)) this.#healer.want(id);
  }

  #takeError(frame: ErrorFrame): void {
    if (this.#outbox.failed(frame) || frame.retry_ms !== undefined) return;
    this.#emitter.emit('refused', frame);
  }

  #takeEntry(entry: Entry): void {
    const { conversation, client_id, seq } = entry;
    // Whoever sees the own entry committed needs no ack any more: it may have been lost.
    if (client_id !== undefined) this.#outbox.acked({ client_id, conversation, seq });
    this.#store.takeEntry(entry);
    if (this.#store.behind(conversation)) this.#healer.want(conversation);
    if (client_id === undefined) this.#reportDelivered(conversation);
  }

  #takePong(pong: PongFrame): void {
    this.#skew = pong.now - this.#env.now();
    if (this.#meetGeneration(pong.generation)) return;
    for (const [id, head] of Object.entries(pong.heads)) {
      this.#store.tellHead(id, head);
      if (head > (this.#store.held(id) ?? head)) this.#healer.want(id);
    }
    if (pong.inbox_rev !== this.#store.inboxRev) {
      this.#connection.send({ type: 'hello', ...this.#histories() });
    }
  }

  #transmit({ conversation, clientId, content, epoch, locale }: Outgoing): boolean {
    return this.#connection.send({ type: 'send', conversation, client_id: clientId, epoch, locale, ...content });
  }

  #committed(item: Outgoing, seq: Seq, movedTo: string | undefined): void {
    const conversation = movedTo ?? item.conversation;
    this.#store.takeCommitted(item, conversation, seq);
    this.#healer.watch(conversation);
    this.#emitter.emit('acked', { conversation: item.conversation, clientId: item.clientId, seq, movedTo });
  }

  async #fetchConversation(id: string): Promise<void> {
    const path = `/api/v1/conversation/${encodeURIComponent(id)}`;
    const { conversation } = await this.call<{ conversation: Conversation }>('GET', path);
    this.#store.adopt(conversation);
  }

  #resumeOf(id: string): Resume {
    return { conversation: id, after: this.#store.held(id) ?? 0 };
  }

  #askFor(conversations: string[]): boolean {
    const resume = conversations.filter((id) => this.#store.held(id) !== undefined).map((id) => this.#resumeOf(id));
    if (resume.length === 0) return false;
    return this.#connection.send({ type: 'hello', ...this.#histories(), resume });
  }

  #reportDelivered(conversation: string): void {
    this.#deliver.add(conversation);
    this.#deliverTimer ??= this.#env.setTimeout(() => {
      this.#deliverTimer = undefined;
      for (const id of this.#deliver) {
        const delivered = this.#store.held(id) ?? this.#store.conversation(id)?.head ?? 0;
        if (this.#store.mark(id, 'delivered', delivered)) {
          this.#connection.send({ type: 'read', conversation: id, delivered });
        }
      }
      this.#deliver.clear();
    }, DELIVERED_WITHIN);
  }

  /** Marks set while away are told again; the server keeps the greater. */
  #sendMarks(conversation: string): void {
    const { mine, delivered } = this.#store.marks(conversation);
    const known = this.#store.conversation(conversation)?.read.mine ?? 0;
    if (mine > known || delivered > known) this.#connection.send({ type: 'read', conversation, delivered, read: mine });
  }

  #pageChanged(what: 'online' | 'offline' | 'shown' | 'hidden'): void {
    if (what === 'offline') this.#connection.networkLost();
    else if (what !== 'hidden') this.#connection.wake();
    if (what === 'shown' || what === 'hidden') this.presence({ visible: what === 'shown' });
  }
}
