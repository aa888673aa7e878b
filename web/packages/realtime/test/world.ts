import type { ChannelLike, Environment, OutboxStorage, RealtimeOptions, SocketLike } from '../src/index.ts';
import { memoryStorage, RealtimeClient } from '../src/index.ts';
import type { ClientFrame, Conversation, Entry, Role, ServerFrame } from '../src/wire.ts';

type Sent<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;

/** A clock that stands still until told. */
export class FakeClock {
  now = 1_800_000_000_000;
  #timers = new Map<number, { at: number; run: () => void }>();
  #last = 0;

  set(run: () => void, ms: number): number {
    this.#timers.set(++this.#last, { at: this.now + ms, run });
    return this.#last;
  }
  clear(timer: number): void {
    this.#timers.delete(timer);
  }
  /** Lets time pass: timers fire in order, and promises settle between them. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, timer]) => timer.at <= end)
        .sort((a, b) => a[1].at - b[1].at || a[0] - b[0]);
      if (!next) break;
      this.#timers.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      next[1].run();
      await settle();
    }
    this.now = end;
    await settle();
  }
  /** The machine sleeps: time goes on, nothing runs; what is due fires late. */
  async sleep(ms: number): Promise<void> {
    this.now += ms;
    await this.pass(0);
  }
}

/** Runs every microtask that is ready; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 60; i++) await Promise.resolve();
}

/** What tabs of one origin share: disk, locks and channels. */
export class FakeOrigin {
  readonly storage: OutboxStorage = memoryStorage();
  readonly #queues = new Map<string, Promise<void>>();
  readonly #channels = new Map<string, Set<ChannelLike>>();

  lock = (name: string, signal: AbortSignal, held: () => Promise<void>): Promise<void> => {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const mine = before.then(() => (signal.aborted ? undefined : held()));
    this.#queues.set(
      name,
      mine.catch(() => undefined),
    );
    return mine;
  };
  channel = (name: string): ChannelLike => {
    const all = this.#channels.get(name) ?? new Set<ChannelLike>();
    this.#channels.set(name, all);
    const own: ChannelLike = {
      onmessage: null,
      postMessage: (data) => {
        const copy = structuredClone(data);
        for (const other of all) if (other !== own) queueMicrotask(() => other.onmessage?.({ data: copy }));
      },
      close: () => all.delete(own),
    };
    all.add(own);
    return own;
  };
}

/** One end of a socket as the server sees it. */
export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly received: ClientFrame[] = [];
  closed = false;
  readyState = 1;
  /** Called for each frame of the client. */
  answer: (frame: ClientFrame, socket: FakeSocket) => void = () => {};

  accept(): void {
    this.onopen?.();
  }
  /** Closed by the server or the network. */
  break(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.();
  }
  push(frame: ServerFrame): void {
    if (!this.closed) this.onmessage?.({ data: JSON.stringify({ v: 1, ...frame }) });
  }
  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.received.push(frame);
    this.answer(frame, this);
  }
  close(): void {
    this.closed = true;
  }
  of<T extends ClientFrame['type']>(type: T): Sent<T>[] {
    return this.received.filter((frame): frame is Sent<T> => frame.type === type);
  }
}

/** A tab: one client with its environment. */
export class Tab {
  readonly sockets: FakeSocket[] = [];
  readonly faults: unknown[] = [];
  readonly client: RealtimeClient;
  isOnline = true;
  isVisible = true;
  #watchers = new Set<(what: 'online' | 'offline' | 'shown' | 'hidden') => void>();

  constructor(
    readonly clock: FakeClock,
    onSocket: (socket: FakeSocket) => void,
    options: Partial<RealtimeOptions> = {},
    origin = new FakeOrigin(),
    fetch: Environment['fetch'] = async () => new Response(null, { status: 503 }),
  ) {
    const env: Environment = {
      now: () => clock.now,
      random: () => 0.5,
      setTimeout: (run, ms) => clock.set(run, ms),
      clearTimeout: (timer) => clock.clear(timer),
      socket: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        queueMicrotask(() => onSocket(socket));
        return socket;
      },
      fetch,
      origin: () => 'http://yingda.test',
      online: () => this.isOnline,
      visible: () => this.isVisible,
      watch: (listener) => {
        this.#watchers.add(listener);
        return () => this.#watchers.delete(listener);
      },
      storage: origin.storage,
      lock: origin.lock,
      channel: origin.channel,
      report: (error) => this.faults.push(error),
    };
    const standard: RealtimeOptions = {
      side: 'customer',
      identity: 'visitor:demo',
      client: { kind: 'widget', version: '1' },
    };
    this.client = new RealtimeClient({ ...standard, ...options }, env);
  }
  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }
  /** All frames of a type over all sockets so far. */
  sent<T extends ClientFrame['type']>(type: T): Sent<T>[] {
    return this.sockets.flatMap((socket) => socket.of(type));
  }
  page(what: 'online' | 'offline' | 'shown' | 'hidden'): void {
    if (what === 'online' || what === 'offline') this.isOnline = what === 'online';
    for (const watcher of this.#watchers) watcher(what);
  }
  /** What the thread shows, in words. */
  lines(conversation = 'c1'): string[] {
    return this.client.thread(conversation).items.map(({ entry, outgoing, delivery }) => {
      const { kind, body } = entry ?? outgoing!.content;
      const text = kind === 'text' ? (body?.text ?? '∅') : kind;
      return delivery ? `${text} (${delivery})` : text;
    });
  }
}

export function entry(seq: number, text: string, more: Partial<Entry> & { role?: Role } = {}): Entry {
  const { role = 'agent', ...rest } = more;
  const participant = role === 'customer' ? 1 : role === 'system' ? 0 : 2;
  const author = { participant, role, name: role === 'agent' ? '林晓' : '' };
  return {
    conversation: 'c1',
    seq,
    kind: 'text',
    v: 1,
    at: 1_800_000_000_000 + seq,
    author,
    body: { text },
    fallback: text,
    ...rest,
  } as Entry;
}

export function conversation(id: string, more: Partial<Conversation> = {}): Conversation {
  return {
    id,
    state: 'served',
    rev: 1,
    head: 0,
    site: { id: 's', name: '星桥通信' },
    channel: { id: 'w', kind: 'web', name: '网页' },
    group: { id: 'g', name: '宽带' },
    customer: { id: 'v', name: '访客' },
    owner: { participant: 2, name: '林晓', away: false },
    opened_at: 0,
    read: { mine: 0, theirs: 0, delivered_theirs: 0 },
    unread: 0,
    ...more,
  };
}
