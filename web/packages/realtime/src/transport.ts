import { CallError, fetchJson } from './call.ts';
import type { Environment } from './environment.ts';
import type { ClientFrame, ServerFrame } from './wire.ts';

/** One way to carry frames, from opening to closing. After `close()` it says nothing more. */
export interface Transport {
  readonly kind: 'socket' | 'poll';
  send(frame: ClientFrame): void;
  close(): void;
}
export interface TransportEvents {
  open(): void;
  frame(frame: ServerFrame): void;
  closed(): void;
}

const packed = (frame: ClientFrame) => ({ v: 1, ...frame });

/** From here on a socket takes nothing. */
const CLOSING = 2;

export function openSocket(env: Environment, on: TransportEvents): Transport {
  const socket = env.socket(`${env.origin().replace(/^http/, 'ws')}/api/v1/socket`);
  let live = true;
  const end = () => {
    if (!live) return;
    live = false;
    on.closed();
  };
  socket.onopen = () => live && on.open();
  socket.onclose = end;
  socket.onerror = end;
  socket.onmessage = ({ data }) => {
    if (live && typeof data === 'string') on.frame(JSON.parse(data) as ServerFrame);
  };
  return {
    kind: 'socket',
    // A page that comes back as it was hears of the end of its socket after it may have spoken already.
    send: (frame) => live && (socket.readyState ?? 0) < CLOSING && socket.send(JSON.stringify(packed(frame))),
    close() {
      live = false;
      socket.close();
    },
  };
}

interface PollAnswer {
  poll: string;
  n: number;
  frames: ServerFrame[];
}

/**
 * Long polling with the same frames. A frame that is sent while a call hangs cuts that call short and goes with the next one, which ends the
 * waiting one on the server too, together with whatever the cut call carried: frames may so arrive twice, which each of them stands.
 */
export function openPoll(
  env: Environment,
  base: string,
  headers: Readonly<Record<string, string>>,
  on: TransportEvents,
): Transport {
  let live = true;
  let poll: string | undefined;
  let got: number | undefined;
  let queue: ClientFrame[] = [];
  let cut: AbortController | undefined;

  const isLive = () => live;

  async function once(): Promise<void> {
    const frames = queue;
    queue = [];
    cut = new AbortController();
    try {
      const answer = await fetchJson<PollAnswer>(
        env,
        `${base}/api/v1/poll`,
        {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json' },
          body: JSON.stringify({ poll, got, frames: frames.map(packed) }),
          signal: cut.signal,
        },
        40_000,
      );
      poll = answer.poll;
      if (answer.n === got) return; // a lost answer given again, that was not lost
      got = answer.n;
      for (const frame of answer.frames) if (live) on.frame(frame);
    } catch (error) {
      if (!live || !cut.signal.aborted) throw error;
      queue = [...frames, ...queue];
    }
  }

  async function run(): Promise<void> {
    on.open();
    try {
      while (isLive()) await once();
    } catch (error) {
      if (!isLive()) return;
      if (error instanceof CallError && (error.status === 401 || error.status === 403)) {
        on.frame({ type: 'error', code: error.code, message: error.message });
      }
      if (!isLive()) return; // whoever was told has closed it
      live = false;
      on.closed();
    }
  }
  queueMicrotask(() => live && void run());
  return {
    kind: 'poll',
    send(frame) {
      queue.push(frame);
      // The first call brings the poll's name: it is answered at once and must not be cut.
      if (queue.length === 1 && poll !== undefined) queueMicrotask(() => queue.length > 0 && cut?.abort());
    },
    close() {
      live = false;
      cut?.abort();
    },
  };
}
