import type { Environment } from './environment.ts';

/** A hole still open after this is asked for again, and an acknowledged entry not come by then is missed. */
const AGAIN = 1_500;

export interface HealerEvents {
  /** Asks the server for what follows what is held; false when there is no connection (the next hello resumes anyway). */
  ask(conversations: string[]): boolean;
  behind(conversation: string): boolean;
}

/** Decides when to ask for missing entries: at once, those of one moment together, and again while a hole stays open. */
export class Healer {
  readonly #env: Environment;
  readonly #on: HealerEvents;
  readonly #due = new Set<string>();
  readonly #watched = new Map<string, number>();
  #flush: number | undefined;

  constructor(env: Environment, on: HealerEvents) {
    this.#env = env;
    this.#on = on;
  }

  want(conversation: string): void {
    if (this.#watched.has(conversation)) return;
    this.#due.add(conversation);
    this.#flush ??= this.#env.setTimeout(() => this.#ask(), 0);
  }

  /** Looks whether it is still behind after a while; a hole is then asked for. */
  watch(conversation: string): void {
    if (this.#watched.has(conversation)) return;
    const timer = this.#env.setTimeout(() => {
      this.#watched.delete(conversation);
      if (this.#on.behind(conversation)) this.want(conversation);
    }, AGAIN);
    this.#watched.set(conversation, timer);
  }

  /** Forgets what was asked of a connection that is gone. */
  reset(): void {
    for (const timer of this.#watched.values()) this.#env.clearTimeout(timer);
    this.#watched.clear();
  }

  #ask(): void {
    this.#flush = undefined;
    const asked = [...this.#due];
    this.#due.clear();
    if (this.#on.ask(asked)) for (const conversation of asked) this.watch(conversation);
  }
}
