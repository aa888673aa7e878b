export * from './wire.ts';
export * from './view.ts';

import type { Conversation, SendBody } from './wire.ts';
import type { InboxView, Outgoing, RealtimeEvents, SyncState, ThreadView } from './view.ts';

/** Throw from `token` when coming back makes no sense (logged out, blocked): the client goes to `stopped` with this reason. */
export declare class Stop extends Error {
  readonly reason: string;
  constructor(reason: string);
}
/** An RFC 9457 problem document, or `code: "network"` when no answer came. */
export declare class CallError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
}

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

/**
 * The one live connection of a tab. Usage:
 *   const client = new RealtimeClient({side: "staff", identity: `staff:${me.id}`, client: {kind: "desk", version}, headers});
 *   client.on("sync", show); client.on("inbox", list); client.on("thread", ({conversation}) => draw(client.thread(conversation)));
 *   await client.start();  await client.open(id);  client.send(id, {kind: "text", body: {text}});
 */
export declare class RealtimeClient {
  constructor(options: RealtimeOptions);
  readonly sync: SyncState;
  /** Loads the outbox and connects; resolves when the outbox is loaded, not when connected. */
  start(): Promise<void>;
  /** Says bye and stops for good; the outbox stays on disk. */
  stop(reason?: string): void;
  /** Server's clock minus ours, in ms, as last told. */
  readonly skew: number;
  on<K extends keyof RealtimeEvents>(type: K, listener: (event: RealtimeEvents[K]) => void): () => void;

  inbox(): InboxView;
  conversation(id: string): Conversation | undefined;
  thread(id: string): ThreadView;
  /** Takes a conversation as an HTTP answer gave it (accept, close, open …); an older `rev` than the held one is ignored. */
  adopt(conversation: Conversation): void;

  /** Subscribes and brings the newest entries. Opening again is free. Rejects with CallError when the conversation cannot be seen. */
  open(id: string): Promise<void>;
  /** Stops healing and drops the entries of a conversation no longer shown (own ones stay subscribed on the server). */
  leave(id: string): void;
  loadOlder(id: string): Promise<void>;

  /** Puts it into the outbox and shows it at once; returns the outgoing entry (its clientId). */
  send(conversation: string, content: SendBody, extra?: { epoch?: number; locale?: string }): Outgoing;
  /** Sends a finally refused entry once more, under a new client id. */
  retry(clientId: string): void;
  /** Takes a refused or waiting entry out of the outbox. */
  discard(clientId: string): void;
  /** Everything not yet acknowledged, in order. */
  outgoing(): readonly Outgoing[];
  /** Gives outgoing entries of one conversation to another (a conversation opened while offline got its real id). */
  move(from: string, to: string): Promise<void>;

  /** Throttled; ends by itself when not repeated. */
  typing(conversation: string, on: boolean): void;
  preview(conversation: string, text: string): void;
  /** Marks everything held as read; never goes back. "Delivered" is reported by itself. */
  markRead(conversation: string): void;
  presence(change: { accepting?: boolean; visible?: boolean }): void;

  /** A JSON call with token, headers, a fresh Idempotency-Key on POST, and problems as CallError. `path` begins with /api/. */
  call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, idempotencyKey?: string): Promise<T>;
  /** Wakes a waiting reconnect now ("立即重连"). */
  retryNow(): void;
}
