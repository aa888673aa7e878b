import type { Environment } from './environment.ts';

/** A timer that fires this late was held back (sleep, frozen tab); what it says about the server is worth nothing. */
const HELD_BACK = 1_500;

/** Our half of the heartbeats: a ping every `ping_ms`, each answered within `deadline_ms`, or the line is dead. */
export class Heartbeat {
  readonly #env: Environment;
  readonly #on: { ping(n: number): void; silent(): void };
  #pingMs = 0;
  #deadlineMs = 0;
  #n = 0;
  #awaited = 0;
  #next: number | undefined;
  #deadline: number | undefined;

  constructor(env: Environment, on: { ping(n: number): void; silent(): void }) {
    this.#env = env;
    this.#on = on;
  }

  start(pingMs: number, deadlineMs: number): void {
    this.stop();
    this.#pingMs = pingMs;
    this.#deadlineMs = deadlineMs;
    this.#next = this.#env.setTimeout(() => this.probe(), pingMs);
  }

  /** Pings now; an older ping still waiting keeps its deadline. */
  probe(): void {
    this.#clear(this.#next);
    this.#next = this.#env.setTimeout(() => this.probe(), this.#pingMs);
    this.#n += 1;
    if (this.#deadline === undefined) this.#await();
    this.#on.ping(this.#n);
  }

  #await(): void {
    this.#awaited = this.#n;
    const due = this.#env.now() + this.#deadlineMs;
    this.#deadline = this.#env.setTimeout(() => {
      this.#deadline = undefined;
      if (this.#env.now() - due > HELD_BACK) this.probe();
      else this.#on.silent();
    }, this.#deadlineMs);
  }

  pong(n: number): void {
    if (n < this.#awaited) return;
    this.#clear(this.#deadline);
    this.#deadline = undefined;
  }

  stop(): void {
    this.#clear(this.#next);
    this.#clear(this.#deadline);
    this.#next = undefined;
    this.#deadline = undefined;
  }

  #clear(timer: number | undefined): void {
    if (timer !== undefined) this.#env.clearTimeout(timer);
  }
}
