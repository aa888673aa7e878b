import type { Environment } from './environment.ts';

/** A hole still open after this is asked for again, and an acknowledged entry not come by then is missed. */
const AGAIN = 1_500;

export interface HealerEvents {
  /** Asks the server for what follows what is held; false when there is no connection (the next hello resumes anyway). */
  ask(conversations: string[]): boolean;
  behind(conversation: string): boolean;
  held(conversation: string): number | undefined;
}

/** Decides when to ask for missing entries: at once, those of one moment together, and again while a hole stays open. */
export class Healer {
  readonly #env: Environment;
  readonly #on: HealerEvents;
  readonly #due = new Set<string>();
  /** Asked for, with what was held then: if that has grown, the next hole is another one. */
  readonly #watched = new Map<string, { timer: number; held: number | undefined }>();
  #flush: number | undefined;

  constructor(env: Environment, on: HealerEvents) {
    this.#env = env;
    this.#on = on;
  }

  want(conversation: string): void {
    const watched = this.#watched.get(conversation);
    if (watched && watched.held === this.#on.held(conversation)) return;
    this.#due.add(conversation);
    this.#flush ??= this.#env.setTimeout(() => this.#ask(), 0);
  }

  /** Looks whether it is still behind after a while; a hole is then asked for. */
  watch(conversation: string): void {
    this.#unwatch(conversation);
    const timer = this.#env.setTimeout(() => {
      this.#watched.delete(conversation);
      if (this.#on.behind(conversation)) this.want(conversation);
    }, AGAIN);
    this.#watched.set(conversation, { timer, held: this.#on.held(conversation) });
  }

  /** Forgets what was asked of a connection that is gone. */
  reset(): void {
    for (const conversation of Array.from(this.#watched.keys())) this.#unwatch(conversation);
  }

  #unwatch(conversation: string): void {
    const watched = this.#watched.get(conversation);
    if (watched) this.#env.clearTimeout(watched.timer);
    this.#watched.delete(conversation);
  }

  #ask(): void {
    this.#flush = undefined;
    const asked = [...this.#due];
    this.#due.clear();
    for (const conversation of asked) this.watch(conversation);
    if (!this.#on.ask(asked)) for (const conversation of asked) this.#unwatch(conversation);
  }
}
