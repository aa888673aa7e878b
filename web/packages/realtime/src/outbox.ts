import { newId } from './call.ts';
import type { ChannelLike, Environment } from './environment.ts';
import type { Outgoing } from './view.ts';
import type { AckFrame, ErrorFrame, SendBody, Seq } from './wire.ts';

/** Entries of a conversation that has no id yet (opened while offline) wait under a name of this kind until `move`. */
export const UNBORN = 'new:';
/** No ack within this on a live connection: the ack was lost, send again. The server knows the client id. */
const ACK_WITHIN = 10_000;

/** What tabs tell each other, so that all show the same outbox. */
type Note =
  | { kind: 'put'; item: Outgoing }
  | { kind: 'gone'; clientId: string; committed?: { conversation: string; seq: Seq; movedTo?: string } };

export interface OutboxEvents {
  /** Hands an entry to the live connection. */
  transmit(item: Outgoing): boolean;
  changed(conversation: string): void;
  committed(item: Outgoing, seq: Seq, movedTo?: string): void;
  refused(item: Outgoing): void;
}

/**
 * What this person wrote and the server has not acknowledged, in order, on disk. Of all tabs with the same identity one sends (Web Locks);
 * per conversation one entry is on its way at a time, so that a refusal can never let a later one overtake.
 */
export class Outbox {
  readonly #env: Environment;
  readonly #identity: string;
  readonly #on: OutboxEvents;
  #items = new Map<string, Outgoing>();
  readonly #gone = new Set<string>();
  readonly #saves = new Set<Promise<void>>();
  /** Client ids whose way to the disk has not ended. */
  readonly #unwritten = new Set<string>();
  /** Client id -> timer: in flight until its ack, or refused for a while until its retry. */
  readonly #busy = new Map<string, number>();
  #channel: ChannelLike | undefined;
  #release: (() => void) | undefined;
  #sending = false;
  #lastAt = 0;

  constructor(env: Environment, identity: string, on: OutboxEvents) {
    this.#env = env;
    this.#identity = identity;
    this.#on = on;
  }

  async load(): Promise<void> {
    if (!this.#channel && this.#env.channel) {
      this.#channel = this.#env.channel(`yingda-outbox:${this.#identity}`);
      this.#channel.onmessage = ({ data }) => this.#hear(data as Note);
    }
    await Promise.all(this.#saves);
    for (const item of await this.#env.storage.all(this.#identity)) {
      // What is held is newer: it may have been given to another conversation, or refused, while the disk was read.
      if (!this.#gone.has(item.clientId) && !this.#items.has(item.clientId)) this.#keep(item);
    }
  }

  close(): void {
    this.pause();
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** In the order they were written. */
  items(conversation?: string): Outgoing[] {
    const all = [...this.#items.values()].filter((item) => !conversation || item.conversation === conversation);
    return all.toSorted((a, b) => a.at - b.at);
  }
  get(clientId: string): Outgoing | undefined {
    return this.#items.get(clientId);
  }
  /** Whether it would survive the page now. */
  isStored(clientId: string): boolean {
    return !this.#unwritten.has(clientId);
  }

  add(conversation: string, content: SendBody, extra: { epoch?: number; locale?: string } = {}): Outgoing {
    // Strictly growing times are the order, also when the clock steps back and across tabs.
    const at = Math.max(this.#env.now(), this.#lastAt + 1);
    const item: Outgoing = { clientId: newId(), conversation, content, at, ...extra };
    this.#put(item);
    this.#pump();
    return item;
  }

  retry(clientId: string): void {
    const item = this.#items.get(clientId);
    if (!item?.error) return;
    this.discard(clientId);
    this.add(item.conversation, item.content, { locale: item.locale });
  }

  discard(clientId: string): void {
    if (this.#items.has(clientId)) this.#forget(clientId, true);
  }

  async move(from: string, to: string): Promise<void> {
    for (const item of this.items(from)) this.#put({ ...item, conversation: to });
    this.#on.changed(from);
    this.#pump();
    await Promise.all(this.#saves);
  }

  /** The connection is up: compete for the lock, and send while holding it. */
  resume(): void {
    if (this.#release) return;
    const stop = new AbortController();
    this.#release = () => stop.abort();
    if (!this.#env.lock) {
      this.#begin();
      return;
    }
    const whileUp = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
    const held = async () => {
      if (stop.signal.aborted) return;
      await this.load().catch((error: unknown) => this.#env.report(error));
      if (stop.signal.aborted) return;
      this.#begin();
      await whileUp;
    };
    this.#env.lock(`yingda-outbox:${this.#identity}`, stop.signal, held).catch((error: unknown) => {
      if (!stop.signal.aborted) this.#env.report(error);
    });
  }

  /** The connection is down: another tab may send; what was in flight is open again. */
  pause(): void {
    this.#release?.();
    this.#release = undefined;
    this.#sending = false;
    for (const timer of this.#busy.values()) this.#env.clearTimeout(timer);
    this.#busy.clear();
  }

  acked(ack: Pick<AckFrame, 'client_id' | 'conversation' | 'seq' | 'moved_to'>): void {
    const item = this.#items.get(ack.client_id);
    if (!item) return;
    const { conversation, seq } = ack;
    const movedTo = ack.moved_to ?? (conversation === item.conversation ? undefined : conversation);
    this.#channel?.postMessage({
      kind: 'gone',
      clientId: item.clientId,
      committed: { conversation, seq, movedTo },
    } satisfies Note);
    this.#forget(item.clientId, false);
    this.#on.committed(item, seq, movedTo);
    if (movedTo) void this.move(item.conversation, movedTo);
    this.#pump();
  }

  /** The answer to a send of ours; false when it is none. */
  failed(error: ErrorFrame): boolean {
    const item = error.client_id === undefined ? undefined : this.#items.get(error.client_id);
    if (!item) return false;
    this.#idle(item.clientId);
    if (error.retry_ms !== undefined) {
      this.#again(item.clientId, error.retry_ms);
      return true;
    }
    const { code, message, details } = error;
    const refused = { ...item, error: { code, message, details } };
    this.#put(refused);
    this.#on.refused(refused);
    this.#pump();
    return true;
  }

  #begin(): void {
    this.#sending = true;
    this.#pump();
  }

  /** Hands over the first open entry of each conversation that has none on its way. */
  #pump(): void {
    if (!this.#sending) return;
    const waiting = new Set<string>();
    for (const item of this.items()) {
      const { conversation, clientId } = item;
      if (item.error || conversation.startsWith(UNBORN) || waiting.has(conversation)) continue;
      waiting.add(conversation);
      if (this.#busy.has(clientId)) continue;
      this.#again(clientId, ACK_WITHIN);
      if (!this.#on.transmit(item)) this.#idle(clientId);
    }
  }

  #keep(item: Outgoing): void {
    this.#items.set(item.clientId, item);
    this.#lastAt = Math.max(this.#lastAt, item.at);
    this.#on.changed(item.conversation);
  }

  #put(item: Outgoing): void {
    this.#unwritten.add(item.clientId);
    this.#keep(item);
    const written = () => {
      this.#unwritten.delete(item.clientId);
      if (!this.#sending) this.#on.changed(item.conversation);
    };
    this.#save(this.#env.storage.put(this.#identity, item).finally(written));
    this.#channel?.postMessage({ kind: 'put', item } satisfies Note);
  }

  #forget(clientId: string, tell: boolean): void {
    const item = this.#items.get(clientId);
    this.#idle(clientId);
    this.#gone.add(clientId);
    this.#items.delete(clientId);
    this.#save(this.#env.storage.remove(this.#identity, clientId));
    if (tell) this.#channel?.postMessage({ kind: 'gone', clientId } satisfies Note);
    if (item) this.#on.changed(item.conversation);
  }

  /** Not to be sent before this has passed. */
  #again(clientId: string, ms: number): void {
    const timer = this.#env.setTimeout(() => {
      this.#busy.delete(clientId);
      this.#pump();
    }, ms);
    this.#busy.set(clientId, timer);
  }

  #idle(clientId: string): void {
    const timer = this.#busy.get(clientId);
    if (timer !== undefined) this.#env.clearTimeout(timer);
    this.#busy.delete(clientId);
  }

  #save(work: Promise<void>): void {
    const saved = work.catch((error: unknown) => this.#env.report(error)).finally(() => this.#saves.delete(saved));
    this.#saves.add(saved);
  }

  #hear(note: Note): void {
    if (note.kind === 'put') {
      if (this.#gone.has(note.item.clientId)) return;
      const before = this.#items.get(note.item.clientId)?.conversation;
      this.#keep(note.item);
      if (before !== undefined && before !== note.item.conversation) this.#on.changed(before);
      this.#pump();
      return;
    }
    const item = this.#items.get(note.clientId);
    this.#gone.add(note.clientId);
    if (!item) return;
    this.#idle(note.clientId);
    this.#items.delete(note.clientId);
    if (note.committed) this.#on.committed(item, note.committed.seq, note.committed.movedTo);
    this.#on.changed(item.conversation);
    this.#pump();
  }
}
