import type { Emitter } from './emitter.ts';
import type { Environment } from './environment.ts';
import { Thread } from './thread.ts';
import type { DeliveryState, InboxView, Outgoing, RealtimeEvents, ThreadItem, ThreadView } from './view.ts';
import type {
  Conversation,
  Entry,
  InboxFrame,
  InboxRev,
  PreviewFrame,
  ReadFrame,
  Role,
  Seq,
  TypingFrame,
} from './wire.ts';

const TYPING_ENDS = 6_000;

export interface StoreOptions {
  readonly side: 'customer' | 'staff';
  readonly keepRecalled?: boolean;
}
/** What the store asks of its surroundings while it draws a view. */
export interface StoreSources {
  outgoing(conversation: string): readonly Outgoing[];
  isStored(clientId: string): boolean;
  online(): boolean;
}

/** What is known of one conversation beside its record. */
interface Room {
  thread?: Thread;
  /** How far the conversation's record goes: what its `last` says of entries up to there is final, a recall included. */
  recorded: Seq;
  /** The head that `open` waits for; undefined once the newest page is there. */
  awaited?: Seq;
  /** My own marks as set here, perhaps not yet known to the server. */
  mine: Seq;
  delivered: Seq;
  theirs: Seq;
  deliveredTheirs: Seq;
  typing: Map<number, { role: Role; timer: number }>;
  preview?: string;
  /** Acknowledged, but the entry itself has not come yet. */
  committed: { item: Outgoing; seq: Seq }[];
  view?: ThreadView;
}

/** The system, and a customer who gave none, come without a name. */
const named = (entry: Entry): Entry => ({ ...entry, author: { ...entry.author, name: entry.author.name ?? '' } });

/** Conversations, inbox and threads of one client, and the snapshots apps draw from. Knows nothing of connections. */
export class ConversationStore {
  readonly #env: Environment;
  readonly #options: StoreOptions;
  readonly #sources: StoreSources;
  readonly #emitter: Emitter<RealtimeEvents>;
  readonly #conversations = new Map<string, Conversation>();
  readonly #rooms = new Map<string, Room>();
  #inbox = new Set<string>();
  #inboxRev: InboxRev | undefined;
  #counts: InboxFrame['counts'];
  #truncated = false;
  #inboxView: InboxView | undefined;

  constructor(env: Environment, options: StoreOptions, sources: StoreSources, emitter: Emitter<RealtimeEvents>) {
    this.#env = env;
    this.#options = options;
    this.#sources = sources;
    this.#emitter = emitter;
  }

  get inboxRev(): InboxRev | undefined {
    return this.#inboxRev;
  }
  conversation(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }
  held(id: string): Seq | undefined {
    return this.#rooms.get(id)?.thread?.held;
  }
  marks(id: string): { mine: Seq; delivered: Seq } {
    const { mine, delivered } = this.#room(id);
    return { mine, delivered };
  }
  floor(id: string): Seq {
    return this.#rooms.get(id)?.thread?.floor ?? 0;
  }
  loaded(id: string): boolean {
    const room = this.#rooms.get(id);
    return room?.thread !== undefined && room.awaited === undefined;
  }
  /** Threads being shown, all of which resume. */
  opened(): string[] {
    return [...this.#rooms].filter(([, room]) => room.thread).map(([id]) => id);
  }
  /** Held back by a hole, or behind the head we know of. */
  behind(id: string): boolean {
    const thread = this.#rooms.get(id)?.thread;
    return thread !== undefined && (thread.hasGap || thread.held < (this.#conversations.get(id)?.head ?? 0));
  }

  inbox(): InboxView {
    this.#inboxView ??= {
      conversations: [...this.#inbox].flatMap((id) => this.#conversations.get(id) ?? []),
      counts: this.#counts,
      truncated: this.#truncated,
      loaded: this.#inboxRev !== undefined,
    };
    return this.#inboxView;
  }

  thread(id: string): ThreadView {
    const room = this.#room(id);
    room.view ??= this.#draw(id, room);
    return room.view;
  }

  takeInbox(frame: InboxFrame): void {
    if (frame.full) this.#inbox = new Set();
    for (const id of frame.removed) this.#inbox.delete(id);
    for (const conversation of frame.items) {
      this.#inbox.add(conversation.id);
      this.#upsert(conversation);
    }
    this.#inboxRev = frame.rev;
    if (frame.counts) this.#counts = frame.counts;
    if (frame.full || frame.truncated !== undefined) this.#truncated = frame.truncated ?? false;
    this.#inboxChanged();
  }

  /** A conversation as an HTTP answer gave it. A customer's own conversations are their inbox. */
  adopt(conversation: Conversation): void {
    if (this.#options.side === 'customer') this.#inbox.add(conversation.id);
    this.#upsert(conversation);
    this.#inboxChanged();
  }

  /** Begins to hold the entries after `floor`, unless they are held already. */
  begin(id: string, floor: Seq): void {
    const room = this.#room(id);
    if (room.thread) return;
    room.thread = new Thread(floor, this.#options.keepRecalled);
    room.awaited = Number.POSITIVE_INFINITY;
    this.changed(id);
  }

  /** The server's word on how far a thread goes: what is held up to there is all there is. */
  tellHead(id: string, head: Seq): void {
    const room = this.#rooms.get(id);
    if (!room?.thread) return;
    const conversation = this.#conversations.get(id);
    if (conversation && head > conversation.head) this.#conversations.set(id, { ...conversation, head });
    if (room.awaited === undefined) return;
    room.awaited = room.thread.held >= head ? undefined : head;
    this.changed(id);
  }

  end(id: string): void {
    const room = this.#rooms.get(id);
    if (!room) return;
    room.thread = undefined;
    room.awaited = undefined;
    this.changed(id);
  }

  takeEntry(taken: Entry): void {
    const entry = named(taken);
    const id = entry.conversation;
    const room = this.#room(id);
    const newest = Math.max(this.#conversations.get(id)?.last?.seq ?? 0, room.thread?.held ?? 0);
    const shown = room.thread ? room.thread.take(entry) : [entry];
    for (const one of shown) {
      this.#noteLast(one);
      this.#stopTyping(room, one.author.participant);
      if (one.author.role === 'customer') room.preview = undefined;
      if (one.seq > newest && !this.#isMine(one) && one.kind !== 'system') {
        this.#emitter.emit('arrived', { conversation: id, entry: one });
      }
    }
    const held = room.thread?.held ?? 0;
    room.committed = room.committed.filter(({ seq }) => seq > held);
    if (room.awaited !== undefined && held >= room.awaited) room.awaited = undefined;
    this.changed(id);
  }

  prepend(id: string, page: readonly Entry[], complete: boolean): void {
    this.#room(id).thread?.prepend(page.map(named), complete);
    this.changed(id);
  }

  /** Keeps an acknowledged entry in sight until the entry itself arrives. */
  takeCommitted(item: Outgoing, conversation: string, seq: Seq): void {
    const room = this.#room(conversation);
    if (room.thread && room.thread.held < seq) {
      room.committed.push({ item: { ...item, conversation }, seq });
      this.tellHead(conversation, seq);
    }
    this.changed(conversation);
  }

  takeRead(frame: ReadFrame): void {
    const room = this.#room(frame.conversation);
    const fromCustomer = frame.role === 'customer';
    if (fromCustomer === (this.#options.side === 'customer')) {
      // Another tab of mine. Of several staff it may be a colleague, so only the inbox moves a staff member's own mark.
      if (fromCustomer) room.mine = Math.max(room.mine, frame.read);
    } else {
      room.theirs = Math.max(room.theirs, frame.read);
      room.deliveredTheirs = Math.max(room.deliveredTheirs, frame.delivered, frame.read);
    }
    this.changed(frame.conversation);
  }

  /** Sets my own marks; false when nothing moved. */
  mark(id: string, kind: 'mine' | 'delivered', seq: Seq): boolean {
    const room = this.#room(id);
    if (seq <= room[kind]) return false;
    room[kind] = seq;
    if (kind === 'mine') {
      room.delivered = Math.max(room.delivered, seq);
      const conversation = this.#conversations.get(id);
      if (conversation && conversation.unread > 0 && seq >= conversation.head) {
        this.#conversations.set(id, { ...conversation, unread: 0 });
        this.#inboxChanged();
      }
      this.changed(id);
    }
    return true;
  }

  takeTyping({ conversation, participant, role, on }: TypingFrame): void {
    const room = this.#room(conversation);
    this.#stopTyping(room, participant);
    if (on) {
      const timer = this.#env.setTimeout(() => {
        room.typing.delete(participant);
        this.changed(conversation);
      }, TYPING_ENDS);
      room.typing.set(participant, { role, timer });
    }
    this.changed(conversation);
  }

  takePreview({ conversation, text }: PreviewFrame): void {
    this.#room(conversation).preview = text || undefined;
    this.changed(conversation);
  }

  takeAway(id: string, participant: number, away: boolean): void {
    const conversation = this.#conversations.get(id);
    if (conversation?.owner?.participant !== participant) return;
    this.#conversations.set(id, { ...conversation, owner: { ...conversation.owner, away } });
    this.changed(id);
    this.#inboxChanged();
  }

  /** The cache belongs to another history of the database: nothing of it counts. Opened threads begin again from their first entry. */
  reset(): void {
    this.#conversations.clear();
    this.#inbox.clear();
    this.#inboxRev = undefined;
    for (const [id, room] of Array.from(this.#rooms)) {
      for (const { timer } of room.typing.values()) this.#env.clearTimeout(timer);
      const open = room.thread !== undefined;
      this.#rooms.delete(id);
      if (open) this.begin(id, 0);
    }
    this.#inboxChanged();
  }

  /** Draw anew: something a view shows has changed. */
  changed(id: string): void {
    this.#room(id).view = undefined;
    this.#emitter.emit('thread', { conversation: id });
  }

  /** The connection came or went: what is under way looks different. */
  connectionChanged(): void {
    for (const id of this.#rooms.keys()) if (this.#sources.outgoing(id).length > 0) this.changed(id);
  }

  #room(id: string): Room {
    let room = this.#rooms.get(id);
    if (!room) {
      room = { recorded: 0, mine: 0, delivered: 0, theirs: 0, deliveredTheirs: 0, typing: new Map(), committed: [] };
      this.#rooms.set(id, room);
    }
    return room;
  }

  #upsert(next: Conversation): void {
    const { id } = next;
    const held = this.#conversations.get(id);
    if (held && held.rev > next.rev) return;
    const head = Math.max(next.head, held?.head ?? 0);
    const last = held?.last && held.last.seq > next.head ? held.last : next.last;
    this.#conversations.set(id, { ...next, head, last });
    const room = this.#room(id);
    room.recorded = next.head;
    room.mine = Math.max(room.mine, next.read.mine);
    room.theirs = Math.max(room.theirs, next.read.theirs);
    room.deliveredTheirs = Math.max(room.deliveredTheirs, next.read.delivered_theirs, next.read.theirs);
    this.changed(id);
  }

  #noteLast(entry: Entry): void {
    const conversation = this.#conversations.get(entry.conversation);
    if (!conversation) return;
    const head = Math.max(conversation.head, entry.seq);
    const { seq, kind, at, author, fallback } = entry;
    const { recorded } = this.#room(entry.conversation);
    const isNewer = kind !== 'system' && seq > Math.max(recorded, conversation.last?.seq ?? 0);
    const last = isNewer ? { seq, kind, role: author.role, text: fallback, at } : conversation.last;
    this.#conversations.set(entry.conversation, { ...conversation, head, last });
    if (this.#inbox.has(entry.conversation)) this.#inboxChanged();
  }

  #isMine(entry: Entry): boolean {
    return (entry.author.role === 'customer') === (this.#options.side === 'customer') && entry.author.role !== 'system';
  }

  #stopTyping(room: Room, participant: number): void {
    const typing = room.typing.get(participant);
    if (typing) this.#env.clearTimeout(typing.timer);
    room.typing.delete(participant);
  }

  #draw(id: string, room: Room): ThreadView {
    const { thread } = room;
    const entries = thread?.entries ?? [];
    const known = new Set(entries.map((entry) => entry.client_id));
    const items: ThreadItem[] = entries.map((entry) => ({
      key: entry.client_id ? `c:${entry.client_id}` : `s:${entry.seq}`,
      entry,
      delivery: this.#deliveryOf(entry, room),
    }));
    for (const { item } of room.committed) {
      if (!known.has(item.clientId)) items.push({ key: `c:${item.clientId}`, outgoing: item, delivery: 'sent' });
    }
    const isOnline = this.#sources.online();
    for (const item of this.#sources.outgoing(id)) {
      if (known.has(item.clientId)) continue;
      const open = isOnline || !this.#sources.isStored(item.clientId) ? 'sending' : 'waiting';
      items.push({ key: `c:${item.clientId}`, outgoing: item, delivery: item.error ? 'failed' : open });
    }
    return {
      conversation: id,
      items,
      loaded: this.loaded(id),
      hasOlder: (thread?.floor ?? 0) > 0,
      held: thread?.held ?? 0,
      typing: [...room.typing].map(([participant, { role }]) => ({ participant, role })),
      preview: room.preview,
      unread: this.#unread(id, room),
    };
  }

  #deliveryOf(entry: Entry, room: Room): DeliveryState | undefined {
    if (!this.#isMine(entry) || entry.kind === 'note') return undefined;
    if (entry.seq <= room.theirs) return 'read';
    return entry.seq <= room.deliveredTheirs ? 'delivered' : 'sent';
  }

  /** Counted here where the entries are held, since it must follow a mark at once; otherwise as the server says. */
  #unread(id: string, { thread, mine }: Room): number {
    if (!thread || thread.floor > mine) return this.#conversations.get(id)?.unread ?? 0;
    return thread.entries.filter(
      (entry) => entry.seq > mine && !this.#isMine(entry) && entry.kind !== 'system' && !entry.recalled,
    ).length;
  }

  #inboxChanged(): void {
    this.#inboxView = undefined;
    this.#emitter.emit('inbox', this.inbox());
  }
}
