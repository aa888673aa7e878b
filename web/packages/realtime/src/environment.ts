import { indexedStorage, memoryStorage, type OutboxStorage } from './storage.ts';

/** What the client needs of the world. Tests pass their own clock, timers, sockets and channels. */
export interface Environment {
  now(): number;
  random(): number;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  socket(url: string): SocketLike;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Absolute URL of a path on the server, for the socket. */
  origin(): string;
  online(): boolean;
  visible(): boolean;
  /** Calls back when the page comes online, goes offline, is shown or hidden. Returns how to stop. */
  watch(listener: (what: 'online' | 'offline' | 'shown' | 'hidden') => void): () => void;
  storage: OutboxStorage;
  /** Runs `held` while no other tab of this origin holds `name`; the lock ends with the promise. Absent: every tab for itself. */
  lock?(name: string, signal: AbortSignal, held: () => Promise<void>): Promise<void>;
  channel?(name: string): ChannelLike;
  /** An unexpected fault that must not stop the client, e.g. a full disk. */
  report(error: unknown): void;
}

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  /** As the standard numbers it: 2 and 3 take nothing any more. */
  readonly readyState?: number;
  send(text: string): void;
  close(): void;
}
export interface ChannelLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(data: unknown): void;
  close(): void;
}

/** The browser as it is. Locks and channels are missing on plain http outside loopback, IndexedDB in some private windows. */
export function browserEnvironment(base: string): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (run, ms) => window.setTimeout(run, ms),
    clearTimeout: (timer) => window.clearTimeout(timer),
    socket: (url) => new WebSocket(url) as SocketLike,
    fetch: (url, init) => fetch(url, init),
    origin: () => base || location.origin,
    online: () => navigator.onLine,
    visible: () => document.visibilityState === 'visible',
    watch(listener) {
      const stop = new AbortController();
      const { signal } = stop;
      const seen = () => listener(document.visibilityState === 'visible' ? 'shown' : 'hidden');
      window.addEventListener('online', () => listener('online'), { signal });
      window.addEventListener('offline', () => listener('offline'), { signal });
      window.addEventListener('pageshow', seen, { signal });
      document.addEventListener('visibilitychange', seen, { signal });
      return () => stop.abort();
    },
    storage: storageOf(),
    lock: 'locks' in navigator ? (name, signal, held) => alone(name, signal, held) : undefined,
    channel: 'BroadcastChannel' in window ? channelOf : undefined,
    report: (error) => reportError(error),
  };
}

/** A web view or a browser that keeps third parties from storage throws at the mere look. */
function storageOf(): OutboxStorage {
  try {
    if (window.indexedDB) return indexedStorage(window.indexedDB);
  } catch {
    // as said
  }
  return memoryStorage();
}

/** Where locks are refused with storage, every tab has an outbox of its own and sends it itself. */
async function alone(name: string, signal: AbortSignal, held: () => Promise<void>): Promise<void> {
  let isHeld = false;
  const enter = () => {
    isHeld = true;
    return held();
  };
  try {
    await navigator.locks.request(name, { signal }, enter);
  } catch (error) {
    if (isHeld || signal.aborted) throw error;
    await held();
  }
}

const DEAF: ChannelLike = { onmessage: null, postMessage() {}, close() {} };
function channelOf(name: string): ChannelLike {
  try {
    return new BroadcastChannel(name) as ChannelLike;
  } catch {
    return { ...DEAF };
  }
}
