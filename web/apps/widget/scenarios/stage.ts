import {
  type Author,
  browserEnvironment,
  type Conversation,
  type Entry,
  type Environment,
  memoryStorage,
  type ServerFrame,
  type SocketLike,
} from '@yingda/realtime';

/** 14:36 of an ordinary day: every picture shows the same moment. */
export const NOW = new Date(2026, 10, 20, 14, 36).getTime();
const MINUTE = 60_000;

const AUTHORS: Record<'customer' | 'agent' | 'system', Author> = {
  customer: { participant: 1, role: 'customer', name: '访客 7F3A' },
  agent: { participant: 2, role: 'agent', name: '林晓' },
  system: { participant: 0, role: 'system', name: '' },
};

export class Script {
  readonly entries: Entry[] = [];

  add(
    role: keyof typeof AUTHORS,
    minutesAgo: number,
    content: { kind: string; body: unknown; fallback?: string },
  ): this {
    const seq = this.entries.length + 1;
    const client_id = role === 'customer' ? `k${seq}` : undefined;
    const head = { conversation: 'c1', seq, v: 1, at: NOW - minutesAgo * MINUTE, author: AUTHORS[role], client_id };
    this.entries.push({ ...head, fallback: '', ...content } as Entry);
    return this;
  }
  say(role: 'customer' | 'agent', minutesAgo: number, text: string): this {
    return this.add(role, minutesAgo, { kind: 'text', body: { text }, fallback: text });
  }
  note(minutesAgo: number, code: string, params: Record<string, unknown> = {}): this {
    return this.add('system', minutesAgo, { kind: 'system', body: { code, params } });
  }
  card(minutesAgo: number, card: unknown): this {
    return this.add('agent', minutesAgo, { kind: 'card', body: { card } });
  }
}

export function conversation(more: Partial<Conversation>): Conversation {
  return {
    id: 'c1',
    state: 'served',
    rev: 1,
    head: 0,
    site: { id: 's', name: '星桥通信' },
    channel: { id: 'w', kind: 'web', name: '网页' },
    group: { id: 'g', name: '宽带故障' },
    customer: { id: 'v', name: '访客 7F3A' },
    opened_at: NOW - 10 * MINUTE,
    read: { mine: 0, theirs: 0, delivered_theirs: 0 },
    unread: 0,
    ...more,
  };
}

export interface Stage {
  readonly conversations: Conversation[];
  readonly entries: Entry[];
  /** Frames after everything has been brought. */
  readonly after?: ServerFrame[];
  /** What GET …/rating answers. */
  readonly rating?: unknown;
  /** The server never answers. */
  readonly isSilent?: boolean;
}

/** The world for a client whose server is this stage. */
export function stageEnvironment(stage: Stage, skew: number) {
  const sockets: SocketLike[] = [];
  let isCut = false;
  const socket = (): SocketLike => {
    const push = (frame: ServerFrame) => made.onmessage?.({ data: JSON.stringify(frame) });
    const made: SocketLike = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      close: () => {},
      send(text) {
        const frame = JSON.parse(text) as { type: string; n?: number; resume?: { conversation: string }[] };
        if (frame.type === 'hello') queueMicrotask(() => hello(frame.resume ?? []));
      },
    };
    const hello = (resume: { conversation: string }[]) => {
      const head = stage.entries.length;
      const subscriptions = resume.map(({ conversation: id }) => ({ conversation: id, head }));
      const you = { kind: 'visitor', id: 'v', name: '访客 7F3A' } as const;
      push({
        type: 'hello',
        generation: 'g',
        now: Date.now() + skew,
        you,
        ping_ms: 600_000,
        deadline_ms: 7_000,
        subscriptions,
        inbox_rev: 1,
      });
      push({ type: 'inbox', rev: 1, full: true, items: stage.conversations, removed: [] });
      if (resume.length === 0) return;
      for (const entry of stage.entries) push({ type: 'entry', ...entry });
      for (const frame of stage.after ?? []) push(frame);
    };
    if (!stage.isSilent) setTimeout(() => (isCut ? made.onclose?.() : made.onopen?.()));
    sockets.push(made);
    return made;
  };
  const env: Environment = {
    ...browserEnvironment(''),
    socket,
    storage: memoryStorage(),
    lock: undefined,
    channel: undefined,
    fetch: (url) =>
      String(url).endsWith('/rating') && stage.rating
        ? Promise.resolve(Response.json(stage.rating))
        : new Promise(() => {}),
  };
  const cut = () => {
    isCut = true;
    for (const one of sockets) one.onclose?.();
  };
  const push = (frame: ServerFrame) => {
    for (const one of sockets) one.onmessage?.({ data: JSON.stringify(frame) });
  };
  return { env, cut, push };
}
