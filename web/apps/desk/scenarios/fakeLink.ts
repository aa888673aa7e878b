import type { Conversation, RealtimeEvents, ThreadView } from '@yingda/realtime';
import type { Link } from '../src/outside.ts';
import { outgoing } from './samples.ts';
import type { World } from './world.ts';

/** A live connection that tells what the world says and shows at once what is sent. Tests and pictures only. */
export class FakeLink implements Link {
  readonly skew = 0;
  readonly said: { name: string; with: unknown[] }[] = [];
  private readonly adopted = new Map<string, Conversation>();
  private readonly listeners = new Map<string, Set<(event: never) => void>>();

  constructor(private readonly world: World) {}

  get sync() {
    return this.world.sync;
  }
  async start() {
    this.tell('presence', this.world.presence);
    for (const refusal of this.world.refusals ?? []) this.tell('refused', refusal);
    for (const id of Object.keys(this.world.threads)) this.tell('thread', { conversation: id });
  }
  stop() {
    this.listeners.clear();
  }
  on<K extends keyof RealtimeEvents>(type: K, listener: (event: RealtimeEvents[K]) => void) {
    const all = this.listeners.get(type) ?? new Set();
    all.add(listener);
    this.listeners.set(type, all);
    return () => void all.delete(listener);
  }
  tell<K extends keyof RealtimeEvents>(type: K, event: RealtimeEvents[K]) {
    for (const listener of this.listeners.get(type) ?? []) (listener as (event: RealtimeEvents[K]) => void)(event);
  }
  inbox = () => this.world.inbox;
  conversation = (id: string) => this.adopted.get(id) ?? this.world.inbox.conversations.find((one) => one.id === id);
  thread = (id: string): ThreadView =>
    this.world.threads[id] ?? {
      conversation: id,
      items: [],
      loaded: true,
      hasOlder: false,
      held: 0,
      typing: [],
      unread: 0,
    };
  outgoing = () => this.world.outgoing;
  adopt = (conversation: Conversation) => {
    this.adopted.set(conversation.id, conversation);
    this.tell('inbox', { ...this.world.inbox });
  };
  open = async () => {};
  leave = () => {};
  loadOlder = async () => {};
  retry = (id: string) => this.note('retry', id);
  discard = (id: string) => this.note('discard', id);
  typing = (...with_: unknown[]) => this.note('typing', ...with_);
  markRead = (id: string) => this.note('markRead', id);
  retryNow = () => this.note('retryNow');
  presence = (change: { accepting?: boolean; visible?: boolean }) => {
    this.note('presence', change);
    if (change.accepting !== undefined) this.tell('presence', { ...this.world.presence, accepting: change.accepting });
  };
  send: Link['send'] = (conversation, content, extra) => {
    this.note('send', conversation, content, extra);
    const one = outgoing({ clientId: `sent-${this.said.length}`, conversation, content, at: Date.now(), ...extra });
    const before = this.thread(conversation);
    this.world.threads[conversation] = {
      ...before,
      items: [...before.items, { key: one.clientId, outgoing: one, delivery: 'sending' }],
    };
    this.tell('thread', { conversation });
    return one;
  };
  private note(name: string, ...with_: unknown[]) {
    this.said.push({ name, with: with_ });
  }
}
