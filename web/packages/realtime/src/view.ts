/** What apps draw from: plain, read-only snapshots. A snapshot is replaced when something changes, never edited, so `===` tells. */
import type { Conversation, Entry, Millis, OwnPresence, Role, SendBody, Seq } from './wire.ts';

export type SyncPhase = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'stopped';
export interface SyncState {
  readonly phase: SyncPhase;
  /** When the server was last heard (client clock); 0 = never. Drives "2 s ago". */
  readonly provenAt: Millis;
  /** When the next attempt to connect is due, while waiting for one. */
  readonly retryAt?: Millis;
  /** Why it is `stopped`: the reason of the server's bye, or what the token source said. */
  readonly reason?: string;
  readonly transport?: 'socket' | 'poll';
}

/** One of mine, not yet (or never) committed. `waiting` = in the outbox and safe there, not handed to the server; `sending` = handed over, no ack yet. */
export type DeliveryState = 'waiting' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed';

export interface Outgoing {
  readonly clientId: string;
  readonly conversation: string;
  readonly content: SendBody;
  readonly at: Millis;
  readonly epoch?: number;
  readonly locale?: string;
  /** A final refusal. It stays in the outbox until `retry` or `discard`. */
  readonly error?: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> };
}

/** A line of a thread: a committed entry, or one of mine on its way. `key` is stable from pending to committed. */
export type ThreadItem =
  | {
      readonly key: string;
      readonly entry: Entry;
      readonly outgoing?: undefined /** Mine only. */;
      readonly delivery?: DeliveryState;
    }
  | { readonly key: string; readonly entry?: undefined; readonly outgoing: Outgoing; readonly delivery: DeliveryState };

export interface ThreadView {
  readonly conversation: string;
  readonly items: readonly ThreadItem[];
  /** False until `open` has brought the newest page. */
  readonly loaded: boolean;
  /** Older entries exist that are not held: `loadOlder`. */
  readonly hasOlder: boolean;
  readonly held: Seq;
  readonly typing: readonly { readonly participant: number; readonly role: Role }[];
  /** What the visitor is writing, not yet said (staff only). */
  readonly preview?: string;
  /** Of the other side, above my read mark. */
  readonly unread: number;
}

export interface InboxView {
  /** The conversations of my inbox, in no particular order; sort as the screen needs. */
  readonly conversations: readonly Conversation[];
  readonly counts?: { readonly mine: number; readonly queue: number; readonly colleague: number };
  readonly truncated: boolean;
  /** False until the first inbox frame. */
  readonly loaded: boolean;
}

export interface RealtimeEvents {
  sync: SyncState;
  inbox: InboxView;
  /** A thread's items, typing, preview or marks changed. */
  thread: { conversation: string };
  /** A committed entry of somebody else arrived live (not from a resume or an older page): sounds, notifications. */
  arrived: { conversation: string; entry: Entry };
  presence: OwnPresence;
  hello: { you: { kind: 'visitor' | 'staff'; id: string; name: string } };
  /** A frame of mine was refused finally; for a send, `outgoing` is the entry. */
  refused: {
    code: string;
    message: string;
    conversation?: string;
    outgoing?: Outgoing;
    details?: Record<string, unknown>;
  };
  /** An entry of mine was committed; `movedTo` when its episode was closed for good. */
  acked: { conversation: string; clientId: string; seq: Seq; movedTo?: string };
}
