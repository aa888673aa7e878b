import type { Environment } from './environment.ts';
import type { ClientFrame } from './wire.ts';

/** A person who goes on typing says so again after this; the other side forgets after 6 s. */
const TYPING_AGAIN = 3_000;
const PREVIEW_EVERY = 300;

/** Tells the other side that somebody writes, and what, no oftener than it needs. */
export class Writing {
  readonly #env: Environment;
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #typedAt = new Map<string, number>();
  #unsaid: { conversation: string; text: string } | undefined;
  #timer: number | undefined;

  constructor(env: Environment, send: (frame: ClientFrame) => boolean) {
    this.#env = env;
    this.#send = send;
  }

  typing(conversation: string, on: boolean): void {
    const now = this.#env.now();
    const last = this.#typedAt.get(conversation);
    if (on ? last !== undefined && now - last < TYPING_AGAIN : last === undefined) return;
    if (on) this.#typedAt.set(conversation, now);
    else this.#typedAt.delete(conversation);
    this.#send({ type: 'typing', conversation, on });
  }

  preview(conversation: string, text: string): void {
    this.#unsaid = { conversation, text };
    this.#timer ??= this.#env.setTimeout(() => {
      this.#timer = undefined;
      if (this.#unsaid) this.#send({ type: 'preview', ...this.#unsaid });
    }, PREVIEW_EVERY);
  }

  /** It was said now: a late preview would show it a second time. */
  said(conversation: string): void {
    this.#typedAt.delete(conversation);
    this.#unsaid = undefined;
  }
  /** The connection is gone, and with it what the other side knows. */
  forget(): void {
    this.#typedAt.clear();
  }
}
