import type { ClientFrame, Conversation, Entry, Seq, ServerFrame } from '../src/wire.ts';
import { conversation, entry, type FakeClock, type FakeSocket } from './world.ts';

/** What a test may do to the next frames of the server. */
export type Mischief = (frame: ServerFrame) => ServerFrame[];

/**
 * A small honest server: it commits, acknowledges, pushes, resumes and answers pings as docs/protocol.md says.
 * `reachable` and `mischief` make the line between it and the clients bad.
 */
export class FakeServer {
  generation = 'g1';
  inboxRev = 1;
  reachable = true;
  answersPings = true;
  mischief: Mischief = (frame) => [frame];
  /** Sees each frame of a client first; true = it has answered itself. */
  intercept: (frame: ClientFrame, socket: FakeSocket) => boolean = () => false;
  log = new Map<string, Entry[]>();
  conversations = new Map<string, Conversation>();
  readonly #sockets = new Set<FakeSocket>();
  readonly #memory = new Map<string, Entry>();

  constructor(readonly clock: FakeClock) {
    this.add(conversation('c1'));
  }

  add(added: Conversation): void {
    this.conversations.set(added.id, added);
    this.log.set(added.id, []);
  }
  entries(id = 'c1'): Entry[] {
    return this.log.get(id)!;
  }
  texts(id = 'c1'): string[] {
    return this.entries(id).map((one) => one.fallback);
  }
  head(id: string): Seq {
    return this.entries(id).at(-1)?.seq ?? 0;
  }

  /** For `onSocket` of a tab. */
  connect = (socket: FakeSocket): void => {
    if (!this.reachable) {
      socket.break();
      return;
    }
    this.#sockets.add(socket);
    socket.answer = (frame) => this.#handle(frame, socket);
    socket.accept();
  };
  cut(): void {
    for (const socket of this.#sockets) socket.break();
    this.#sockets.clear();
  }
  push(frame: ServerFrame, socket?: FakeSocket): void {
    for (const sent of this.mischief(frame)) for (const to of socket ? [socket] : this.#sockets) to.push(sent);
  }
  /** Commits and rings the doorbell. */
  say(text: string, more: Partial<Entry> & { role?: 'agent' | 'customer' | 'system' } = {}, id = 'c1'): Entry {
    const made = entry(this.head(id) + 1, text, { at: this.clock.now, conversation: id, ...more });
    this.entries(id).push(made);
    this.push({ type: 'entry', ...made });
    return made;
  }

  #handle(frame: ClientFrame, socket: FakeSocket): void {
    if (this.intercept(frame, socket)) return;
    if (frame.type === 'hello') this.#hello(frame, socket);
    else if (frame.type === 'ping' && this.answersPings) this.#pong(frame.n, socket);
    else if (frame.type === 'send') this.#commit(frame, socket);
  }

  #hello(frame: Extract<ClientFrame, { type: 'hello' }>, socket: FakeSocket): void {
    const resume = frame.resume ?? [];
    this.push(
      {
        type: 'hello',
        generation: this.generation,
        now: this.clock.now,
        you: { kind: 'visitor', id: 'v', name: '访客' },
        ping_ms: 7_000,
        deadline_ms: 7_000,
        subscriptions: resume.map(({ conversation: id }) =>
          this.log.has(id) ? { conversation: id, head: this.head(id) } : { conversation: id, error: 'not_found' },
        ),
        inbox_rev: this.inboxRev,
      },
      socket,
    );
    if (frame.inbox_rev !== this.inboxRev || frame.generation !== this.generation) {
      const items = [...this.conversations.values()].map((one) => ({ ...one, head: this.head(one.id) }));
      this.push({ type: 'inbox', rev: this.inboxRev, full: true, items, removed: [] }, socket);
    }
    for (const { conversation: id, after } of resume) {
      for (const one of this.log.get(id) ?? []) if (one.seq > after) this.push({ type: 'entry', ...one }, socket);
    }
  }

  #pong(n: number, socket: FakeSocket): void {
    const heads = Object.fromEntries([...this.log.keys()].map((id) => [id, this.head(id)]));
    this.push(
      { type: 'pong', n, generation: this.generation, now: this.clock.now, heads, inbox_rev: this.inboxRev },
      socket,
    );
  }

  #commit(frame: Extract<ClientFrame, { type: 'send' }>, socket: FakeSocket): void {
    const { conversation: id, client_id } = frame;
    const known = this.#memory.get(`${this.generation} ${client_id}`);
    const text = frame.kind === 'text' ? frame.body.text : '';
    const made = known ?? this.say(text, { role: 'customer', client_id }, id);
    this.#memory.set(`${this.generation} ${client_id}`, made);
    const duplicate = known ? true : undefined;
    this.push({ type: 'ack', conversation: id, client_id, seq: made.seq, at: made.at, duplicate }, socket);
  }
}
