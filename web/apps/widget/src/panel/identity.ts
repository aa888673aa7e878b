import { CallError, type OutboxStorage } from '@yingda/realtime';
import type { ToPage, Who } from '../messages.ts';
import type { Visit } from './visit.ts';

export interface IdentityOptions {
  readonly key: string;
  readonly visit: Visit;
  readonly outbox: OutboxStorage;
  readonly tell: (message: ToPage) => void;
  /** Stops everything that runs and begins anew: nothing of a former customer stays in memory. */
  readonly restart: () => void;
}

/** Who the panel speaks for, and how that changes while it stands open, here and in the browser's other tabs. */
export class Identity {
  readonly #options: IdentityOptions;
  readonly #channel: BroadcastChannel | undefined;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#channel = channelOf(`yingda-visit:${options.key}`);
    this.#channel?.addEventListener('message', () => options.restart());
  }

  /** Before anything is shown: does what the host page says. */
  async begin(who: Who): Promise<void> {
    if (who && 'left' in who) await this.#leave();
    else if (who) await this.#identify(who.token);
    this.#known('');
  }

  /** The host page says something new. */
  async hear(who: Who): Promise<void> {
    if (!who) return;
    const before = this.#options.visit.identity;
    if ('left' in who) {
      if (!this.#options.visit.isKnown) return;
      await this.#leave();
      this.#restart();
    } else if (await this.#identify(who.token)) {
      if (this.#options.visit.identity !== before || this.#options.visit.canAttach) this.#restart();
    }
  }

  /** The server no longer lets this customer in: their traces go, and the host may vouch again. */
  async expired(): Promise<void> {
    this.#options.tell({ type: 'error', code: 'identity_expired' });
    await this.#leave();
    this.#restart();
  }

  /** Takes over what was said before, with what still waits to be sent; or leaves it behind. */
  async settle(takes: boolean): Promise<void> {
    const { visit } = this.#options;
    const before = visit.identity;
    await visit.settle(takes);
    if (takes && visit.identity !== before) await this.#move(before, visit.identity);
    else if (visit.identity !== before) await this.#wipe(before);
    this.#restart();
  }

  async #identify(token: string): Promise<boolean> {
    const { visit, tell } = this.#options;
    const before = visit.identity;
    const wasKnown = visit.who !== '';
    try {
      const name = await visit.identify(token);
      if (wasKnown && visit.identity !== before) await this.#wipe(before);
      this.#known(name);
      return true;
    } catch (error) {
      // Not reachable: whoever is kept here may be somebody else, so the panel does not open for now.
      if (!(error instanceof CallError) || error.status === 0 || error.status >= 500) throw error;
      tell({ type: 'error', code: error.code });
      // A word that counts no more tells nothing new: a page may come out of a cache. Any other refusal, and nobody is vouched for.
      const isOld = error.code === 'identity.replayed' || error.code === 'identity.expired' || error.status === 429;
      if (!isOld) await this.#leave();
      return false;
    }
  }

  async #leave(): Promise<void> {
    const { visit } = this.#options;
    if (!visit.isKnown) return;
    const { identity } = visit;
    await Promise.all([visit.leave(), this.#wipe(identity)]);
  }

  #known(name: string): void {
    const { visit, tell } = this.#options;
    if (name !== '' || !visit.isKnown) tell({ type: 'known', on: visit.isKnown, name });
  }

  async #wipe(identity: string): Promise<void> {
    const { outbox } = this.#options;
    for (const { clientId } of await outbox.all(identity)) await outbox.remove(identity, clientId);
  }
  async #move(from: string, to: string): Promise<void> {
    const { outbox } = this.#options;
    for (const item of await outbox.all(from)) await outbox.put(to, item);
    await this.#wipe(from);
  }

  #restart(): void {
    this.#channel?.postMessage('changed');
    this.#options.restart();
  }
}

/** Refused where storage is; then each tab hears its own host page. */
function channelOf(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}
