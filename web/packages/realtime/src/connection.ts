import { Stop } from './call.ts';
import type { Environment } from './environment.ts';
import { Heartbeat } from './heartbeat.ts';
import { openPoll, openSocket, type Transport } from './transport.ts';
import type { SyncPhase, SyncState } from './view.ts';
import type { ClientFrame, ErrorFrame, HelloFrame, ServerFrame } from './wire.ts';

type Greeting = Omit<Extract<ClientFrame, { type: 'hello' }>, 'type' | 'token' | 'client'>;
export interface ConnectionOptions {
  readonly base: string;
  readonly client: { readonly kind: string; readonly version: string };
  readonly token?: (fresh: boolean) => Promise<string | undefined>;
  readonly headers: Readonly<Record<string, string>>;
}
export interface ConnectionEvents {
  /** What this hello asks for. */
  greeting(): Greeting;
  up(hello: HelloFrame): void;
  down(): void;
  frame(frame: ServerFrame): void;
  sync(state: SyncState): void;
}

const FIRST_WAIT = 200;
const LONGEST_WAIT = 15_000;
/** While somebody looks and the loss is young, waits stay so short that a mended network is seen to be mended. */
const LONGEST_WAIT_SEEN = 2_000;
const YOUNG = 120_000;
const HELLO_WITHIN = 10_000;
/** So many sockets in a row that never came to a hello, and long polling is tried. */
const SOCKETS_BEFORE_POLL = 3;
const UPGRADE_AFTER = 30_000;
/** Refusals that coming back cannot mend: a person has to log in again. */
const ENDINGS = ['session_revoked', 'login_required', 'password_change_required'];

/** Keeps one connection up: says hello, beats, notices silence, comes back with growing waits, changes to polling where sockets are blocked. */
export class Connection {
  readonly #env: Environment;
  readonly #options: ConnectionOptions;
  readonly #on: ConnectionEvents;
  readonly #heartbeat: Heartbeat;
  #transport: Transport | undefined;
  #phase: SyncPhase = 'connecting';
  #up = false;
  #everUp = false;
  #provenAt = 0;
  #retryAt: number | undefined;
  #reason: string | undefined;
  #wait = FIRST_WAIT;
  /** When the connection was lost; counts from the last one that was up. */
  #lostAt = 0;
  #timer: number | undefined;
  #attempt = 0;
  #deadSockets = 0;
  #tokenRefused = 0;
  #closedForGood = false;
  #token: string | undefined;

  constructor(env: Environment, options: ConnectionOptions, on: ConnectionEvents) {
    this.#env = env;
    this.#options = options;
    this.#on = on;
    this.#heartbeat = new Heartbeat(env, {
      ping: (n) => this.send({ type: 'ping', n }),
      silent: () => this.#lost(),
    });
  }

  get state(): SyncState {
    const { kind } = this.#transport ?? {};
    return {
      phase: this.#phase,
      provenAt: this.#provenAt,
      retryAt: this.#retryAt,
      reason: this.#reason,
      transport: this.#up ? kind : undefined,
    };
  }
  get up(): boolean {
    return this.#up;
  }
  /** The bearer token of the latest hello, for calls. */
  get token(): string | undefined {
    return this.#token;
  }

  start(): void {
    this.#lostAt = this.#env.now();
    void this.#connect();
  }

  stop(reason: string): void {
    if (this.#up) this.send({ type: 'bye' });
    this.#closedForGood = true;
    this.#halt(reason);
  }

  /** False when it could not be handed to a live connection; the caller decides whether that matters. */
  send(frame: ClientFrame): boolean {
    if (!this.#up || !this.#transport) return false;
    this.#transport.send(frame);
    return true;
  }

  /** Someone looks, or the network is back: prove the connection at once, or try now instead of later. */
  wake(): void {
    if (this.#closedForGood || this.#phase === 'stopped') return;
    this.#deadSockets = Math.min(this.#deadSockets, SOCKETS_BEFORE_POLL - 1);
    if (this.#up) this.#heartbeat.probe();
    else if (this.#timer !== undefined && !this.#transport) void this.#connect();
  }

  /** A person asks for it: also leaves `stopped`, unless the app itself stopped us. */
  retryNow(): void {
    if (this.#closedForGood) return;
    this.#wait = FIRST_WAIT;
    if (this.#phase === 'stopped') void this.#connect();
    else this.wake();
  }

  /** The system says the network is gone. If it is wrong, the next attempt shows it within a moment. */
  networkLost(): void {
    if (this.#phase !== 'stopped') this.#lost();
  }

  async #connect(): Promise<void> {
    this.#clear();
    const attempt = ++this.#attempt;
    this.#retryAt = undefined;
    this.#reason = undefined;
    this.#show(this.#waitingPhase());
    // The timer also guards the token call, so that no step can hang for ever.
    this.#timer = this.#env.setTimeout(() => this.#lost(), HELLO_WITHIN);
    try {
      this.#token = await this.#options.token?.(this.#tokenRefused > 0);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error instanceof Stop) this.#halt(error.reason);
      else this.#lost();
      return;
    }
    if (attempt === this.#attempt) this.#open();
  }

  #open(): void {
    const { base, headers } = this.#options;
    const on = {
      open: () => this.#greet(),
      frame: (frame: ServerFrame) => this.#receive(frame),
      closed: () => this.#lost(),
    };
    if (this.#deadSockets < SOCKETS_BEFORE_POLL) {
      this.#transport = openSocket(this.#env, on);
    } else {
      const all = this.#token === undefined ? headers : { ...headers, Authorization: `Bearer ${this.#token}` };
      this.#transport = openPoll(this.#env, base, all, on);
    }
  }

  #greet(): void {
    const { client } = this.#options;
    this.#transport?.send({ type: 'hello', token: this.#token, client, ...this.#on.greeting() });
  }

  #receive(frame: ServerFrame): void {
    this.#provenAt = this.#env.now();
    if (frame.type === 'ping') this.#transport?.send({ type: 'pong', n: frame.n });
    else if (frame.type === 'bye') this.#bye(frame.reason, frame.retry_ms);
    else if (frame.type === 'error' && this.#aboutMe(frame)) this.#refused(frame);
    else if (frame.type === 'hello' && !this.#up) this.#welcome(frame);
    else if (this.#up) {
      if (frame.type === 'pong') {
        this.#wait = FIRST_WAIT;
        this.#heartbeat.pong(frame.n);
        this.#on.sync(this.state);
      }
      this.#on.frame(frame);
    }
  }

  #welcome(hello: HelloFrame): void {
    this.#clear();
    this.#up = true;
    this.#everUp = true;
    this.#tokenRefused = 0;
    if (this.#transport?.kind === 'socket') this.#deadSockets = 0;
    else this.#timer = this.#env.setTimeout(() => this.#upgrade(), UPGRADE_AFTER);
    this.#heartbeat.start(hello.ping_ms, hello.deadline_ms);
    this.#on.up(hello);
    this.#show('online');
  }

  /** Polling may have begun while the server was only restarting: if a socket opens now, change back. */
  #upgrade(): void {
    const attempt = this.#attempt;
    const probe = openSocket(this.#env, {
      open: () => {
        probe.close();
        if (attempt !== this.#attempt) return;
        this.#deadSockets = 0;
        this.#drop();
        void this.#connect();
      },
      frame: () => {},
      closed: () => {
        if (attempt === this.#attempt) this.#timer = this.#env.setTimeout(() => this.#upgrade(), UPGRADE_AFTER);
      },
    });
  }

  #aboutMe({ code }: ErrorFrame): boolean {
    return !this.#up || code === 'token_expired' || code === 'token_invalid' || ENDINGS.includes(code);
  }

  #refused(error: ErrorFrame): void {
    if (ENDINGS.includes(error.code)) this.#halt(error.code);
    else if (error.code === 'token_expired' || error.code === 'token_invalid') {
      this.#tokenRefused += 1;
      // A stale token is replaced without waiting; a fresh one refused too is a fault that time may mend.
      this.#lost(this.#tokenRefused === 1 ? 0 : undefined);
    } else this.#lost(error.retry_ms);
  }

  #bye(reason: string, retry: number | undefined): void {
    if (retry === undefined) this.#halt(reason);
    else this.#lost(retry);
  }

  #lost(after?: number): void {
    if (this.#closedForGood) return;
    if (this.#transport?.kind === 'poll') this.#deadSockets = SOCKETS_BEFORE_POLL - 1;
    else if (this.#transport && !this.#up) this.#deadSockets += 1;
    this.#drop();
    const jitter = 0.75 + this.#env.random() / 2;
    const isSeen = this.#env.visible() && this.#env.now() - this.#lostAt < YOUNG;
    const delay = (after ?? Math.min(this.#wait, isSeen ? LONGEST_WAIT_SEEN : LONGEST_WAIT)) * jitter;
    if (after === undefined) this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
    this.#retryAt = this.#env.now() + delay;
    this.#timer = this.#env.setTimeout(() => void this.#connect(), delay);
    this.#show(this.#waitingPhase());
  }

  #halt(reason: string): void {
    this.#drop();
    this.#reason = reason;
    this.#retryAt = undefined;
    this.#show('stopped');
  }

  /** Ends whatever runs: connection, attempt, timers. */
  #drop(): void {
    this.#attempt += 1;
    this.#clear();
    this.#heartbeat.stop();
    this.#transport?.close();
    this.#transport = undefined;
    if (!this.#up) return;
    this.#up = false;
    this.#lostAt = this.#env.now();
    this.#on.down();
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#env.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #waitingPhase(): SyncPhase {
    if (!this.#env.online()) return 'offline';
    return this.#everUp ? 'reconnecting' : 'connecting';
  }

  #show(phase: SyncPhase): void {
    this.#phase = phase;
    this.#on.sync(this.state);
  }
}
