/** What travels between Yingda and its clients: the shapes of docs/protocol.md, version 1, in the wire's own spelling. */

export type Millis = number;
export type Seq = number;
/** Names a version of an inbox. Opaque: only equality means something. */
export type InboxRev = string | number;

export type Role = 'customer' | 'agent' | 'bot' | 'supervisor' | 'conferee' | 'system';
export interface Named {
  id: string;
  name: string;
}

export type ConversationState = 'queued' | 'served' | 'closed';
export type CloseReason = 'customer' | 'agent' | 'timeout' | 'system';

export interface Owner {
  participant: number;
  /** Given to staff only. */
  id?: string;
  name: string;
  away: boolean;
}

export interface LastEntry {
  seq: Seq;
  kind: string;
  role: Role;
  text: string;
  at: Millis;
}

export interface ReadMarks {
  mine: Seq;
  theirs: Seq;
  delivered_theirs: Seq;
}

/** A page of the operator. */
export interface Page {
  url: string;
  title: string;
}

export interface Conversation {
  id: string;
  external_id?: string;
  state: ConversationState;
  rev: number;
  head: Seq;
  site: Named;
  channel: { id: string; kind: string; name: string };
  group: Named;
  branch?: Named;
  customer: Named;
  owner?: Owner;
  epoch?: number;
  opened_at: Millis;
  queued_at?: Millis;
  accepted_at?: Millis;
  closed_at?: Millis;
  close_reason?: CloseReason;
  /** Those ahead plus one, in `queued` only. */
  position?: number;
  why?: { code: string; [key: string]: unknown };
  waiting_since?: Millis;
  last?: LastEntry;
  previous?: string;
  next?: string;
  read: ReadMarks;
  unread: number;
  draft?: string;
  /** What the customer thought of it; staff only. */
  rating?: { stars: number; is_low: boolean };
  subject?: string;
  page?: Page;
}

export interface TextBody {
  text: string;
}
export interface ImageBody {
  file: string;
  width: number;
  height: number;
  alt?: string;
  url?: string;
  /** A copy of at most 480 pixels a side. */
  thumbnail_url?: string;
  url_expires_at?: Millis;
}
/** A file that is no image: saved, never shown. Only `file` counts when it is sent. */
export interface FileBody {
  file: string;
  name: string;
  bytes: number;
  media_type: string;
  url?: string;
  url_expires_at?: Millis;
}
/** `card` is as docs/card.schema.json says; read it through `parseCard` of @yingda/ui. */
export interface CardBody {
  card: unknown;
}
export interface SystemBody {
  code: string;
  params: Record<string, unknown>;
}

export interface Author {
  participant: number;
  role: Role;
  name: string;
}

interface EntryHead {
  conversation: string;
  seq: Seq;
  v: number;
  at: Millis;
  author: Author;
  locale?: string;
  client_id?: string;
  fallback: string;
  /** The range just before this entry that the reader may not see. */
  hidden?: [Seq, Seq];
  erased?: boolean;
  recalled?: boolean;
  external_id?: string;
}
/** `body` is absent when the entry is erased, or recalled for those who may not see it any more. */
export type Entry = EntryHead &
  (
    | { kind: 'text' | 'note'; body?: TextBody }
    | { kind: 'image'; body?: ImageBody }
    | { kind: 'card'; body?: CardBody }
    | { kind: 'system'; body?: SystemBody }
    | { kind: 'file'; body?: FileBody }
    | { kind: 'voice'; body?: unknown }
  );
export type EntryKind = Entry['kind'];

/** What a client may put into a conversation. */
export type SendBody =
  | { kind: 'text'; body: TextBody }
  | { kind: 'note'; body: TextBody }
  | { kind: 'image'; body: ImageBody }
  | { kind: 'file'; body: FileBody }
  | { kind: 'card'; body: CardBody };

export interface Resume {
  conversation: string;
  after: Seq;
}

export type ClientFrame =
  | {
      type: 'hello';
      token?: string;
      generation?: string;
      inbox_rev?: InboxRev;
      resume?: Resume[];
      client?: { kind: string; version: string };
    }
  | ({ type: 'send'; conversation: string; client_id: string; locale?: string; epoch?: number } & SendBody)
  | { type: 'typing'; conversation: string; on: boolean }
  | { type: 'preview'; conversation: string; text: string }
  | { type: 'read'; conversation: string; delivered?: Seq; read?: Seq }
  | { type: 'presence'; accepting?: boolean; visible?: boolean; page?: Page }
  | { type: 'ping'; n: number }
  | { type: 'pong'; n: number }
  | { type: 'bye' };

export interface HelloFrame {
  type: 'hello';
  generation: string;
  now: Millis;
  you: { kind: 'visitor' | 'staff'; id: string; name: string };
  ping_ms: Millis;
  /** How long an own entry may be recalled. */
  recall_ms?: Millis;
  deadline_ms: Millis;
  subscriptions: ({ conversation: string; head: Seq } | { conversation: string; error: string })[];
  inbox_rev: InboxRev;
}
export interface InboxCounts {
  mine: number;
  queue: number;
  colleague: number;
}
export interface InboxFrame {
  type: 'inbox';
  rev: InboxRev;
  full: boolean;
  items: Conversation[];
  removed: string[];
  counts?: InboxCounts;
  truncated?: boolean;
}
export type EntryFrame = { type: 'entry' } & Entry;
export interface AckFrame {
  type: 'ack';
  conversation: string;
  client_id: string;
  seq: Seq;
  at: Millis;
  duplicate?: boolean;
  moved_to?: string;
}
export interface ErrorFrame {
  type: 'error';
  code: string;
  message: string;
  conversation?: string;
  client_id?: string;
  n?: number;
  details?: Record<string, unknown>;
  retry_ms?: Millis;
}
export interface TypingFrame {
  type: 'typing';
  conversation: string;
  participant: number;
  role: Role;
  on: boolean;
}
export interface PreviewFrame {
  type: 'preview';
  conversation: string;
  participant: number;
  text: string;
}
export interface ReadFrame {
  type: 'read';
  conversation: string;
  participant: number;
  role: Role;
  delivered: Seq;
  read: Seq;
}
export interface OwnPresence {
  accepting: boolean;
  visible: boolean;
  connected: boolean;
  load: number;
  limit: number;
  /** What the server has given up: 0 nothing, 1 previews, 2 exact places in queues as well. */
  strain?: number;
}
export interface OtherPresence {
  conversation: string;
  participant: number;
  role: Role;
  away: boolean;
}
export type PresenceFrame = { type: 'presence' } & (OwnPresence | OtherPresence);
export interface PongFrame {
  type: 'pong';
  n: number;
  generation: string;
  now: Millis;
  heads: Record<string, Seq>;
  inbox_rev: InboxRev;
}
export interface ByeFrame {
  type: 'bye';
  reason: string;
  retry_ms?: Millis;
}
export type ServerFrame =
  | HelloFrame
  | InboxFrame
  | EntryFrame
  | AckFrame
  | ErrorFrame
  | TypingFrame
  | PreviewFrame
  | ReadFrame
  | PresenceFrame
  | { type: 'ping'; n: number }
  | PongFrame
  | ByeFrame;
