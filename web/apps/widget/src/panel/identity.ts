import { CallError, type OutboxStorage, UNBORN } from '@yingda/realtime';
import type { ToPage, Who } from '../messages.ts';
import type { Visit } from './visit.ts';

export interface IdentityOptions {
  readonly key: string;
  readonly visit: Visit;
  readonly outbox: OutboxStorage;
  readonly tell: (message: ToPage) => void;
  /** Stops everything that runs and begins anew: nothing of a former customer stays in memory. */
  readonly restart: () => void;
  /** Ends what runs for whoever is shown; `restart` follows. */
  readonly stop: () => void;
  /** Shows nothing of anybody (`pending`, `unknown`), or the panel again. */
  readonly veil: (why: Veil | undefined) => void;
}
export type Veil = 'pending' | 'unknown';

/**
 * Who the panel speaks for, and how that changes while it stands open, here and in the browser's other tabs. Computers are shared: a word
 * that names somebody else ends the one before, whatever the server says of it, and while the page knows of nobody nobody is shown.
 */
export class Identity {
  readonly #options: IdentityOptions;
  readonly #channel: BroadcastChannel | undefined;
  /** What the page said is done in its order. */
  #line: Promise<unknown> = Promise.resolve();
  /** Words that wait in it. */
  #waiting = 0;
  /** The last of them says that the page does not know who is there. */
  #isDoubted = false;
  /** Whose panel stands open; whoever has left is nobody's, not even when the same one comes again. */
  #shown: string | undefined;
  #veiled: Veil | undefined;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#channel = channelOf(`yingda-visit:${options.key}`);
    this.#channel?.addEventListener('message', () => options.restart());
  }

  /** The panel shows what belongs to this customer from here on; who comes after begins everything anew. */
  opened(): void {
    this.#shown = this.#state;
  }

  /** The host page says something. `false`: it has not answered, and whoever is known here must not be shown. */
  hear(who: Who): Promise<boolean> {
    this.#waiting += 1;
    // At once, whatever still waits for the server.
    const doubt = doubtOf(who);
    this.#isDoubted = doubt !== undefined;
    if (doubt && this.#options.visit.isKnown) this.#veil(doubt);
    const gone = this.#goes(who) && this.#leave();
    const turn = Promise.all([this.#line, gone]).then(() => this.#take(who));
    this.#line = turn.catch(() => {});
    return turn;
  }

  async #take(who: Who): Promise<boolean> {
    const { visit } = this.#options;
    if (this.#goes(who)) await this.#leave();
    const before = visit.identity;
    try {
      const doubt = doubtOf(who);
      if (doubt) {
        if (visit.isKnown) this.#veil(doubt);
        else this.#unveil();
        return doubt === 'unknown' && !visit.isKnown;
      }
      if (who && 'token' in who) await this.#identify(who.token);
      this.#known('');
      this.#unveil();
      return true;
    } catch (error) {
      // Nobody else would answer for what hides the panel.
      if (!this.#isOver && !this.#isDoubted && (this.#veiled || this.#shown === undefined))
        this.#veil(visit.isKnown ? 'unknown' : undefined);
      throw error;
    } finally {
      if (visit.identity !== before) this.#channel?.postMessage('changed');
      this.#waiting -= 1;
      // Not before the last word: it would be lost.
      if (this.#isOver && this.#waiting === 0) this.#options.restart();
    }
  }

  /** Whoever is known here goes, because nobody can say whether they are still there. */
  async forget(): Promise<void> {
    await this.#leave();
    this.#options.restart();
  }

  /** The server no longer lets in whom the panel shows: their traces go, and the host may vouch again. */
  async expired(): Promise<void> {
    // Somebody else came in another tab: they stay.
    if (this.#shown === this.#state) {
      this.#options.tell({ type: 'error', code: 'identity_expired' });
      await this.#leave();
    }
    this.#options.restart();
  }

  /** Takes over what was said before, with what still waits to be sent; or leaves it behind. */
  async settle(takes: boolean): Promise<void> {
    const { visit } = this.#options;
    await visit.settle(takes);
    if (takes) await this.#move(visit.nameless, visit.identity);
    else await this.#wipe(visit.nameless);
    this.#channel?.postMessage('changed');
    this.#options.restart();
  }

  async #identify(token: string): Promise<void> {
    const { visit, tell } = this.#options;
    const before = visit.identity;
    const wasKnown = visit.isKnown;
    try {
      const name = await visit.identify(token);
      if (wasKnown && visit.identity !== before) await this.#wipe(before);
      else if (visit.who) await this.#move(visit.nameless, visit.identity, UNBORN);
      this.#known(name);
    } catch (error) {
      // Not reachable: the panel does not open for now.
      if (!(error instanceof CallError) || error.status === 0 || error.status >= 500) throw error;
      tell({ type: 'error', code: error.code });
      // A word that counts no more tells nothing new: a page may come out of a cache. Any other refusal, and nobody is vouched for.
      const isOld = error.code === 'identity.replayed' || error.code === 'identity.expired' || error.status === 429;
      if (!isOld) await this.#leave();
    }
  }

  /** Before the server is asked: it may refuse the word, answer late or not at all, and this is somebody else's computer now all the same. */
  #goes(who: Who): boolean {
    return (
      who !== undefined && ('left' in who || ('token' in who && this.#options.visit.subject !== subjectOf(who.token)))
    );
  }

  /** The one way out, here and in the other tabs: all but the wiping at once. */
  async #leave(): Promise<void> {
    const { visit, stop } = this.#options;
    if (!visit.isKnown) return;
    const { identity } = visit;
    if (this.#shown !== undefined) {
      this.#veil('pending');
      stop();
      this.#shown = '';
    }
    visit.leave();
    this.#channel?.postMessage('changed');
    await this.#wipe(identity).catch(() => {}); // a storage that fails must not hold back the next word
  }

  #known(name: string): void {
    const { visit, tell } = this.#options;
    if (name !== '' || !visit.isKnown) tell({ type: 'known', on: visit.isKnown, name });
  }

  async #wipe(identity: string): Promise<void> {
    const { outbox } = this.#options;
    for (const { clientId } of await outbox.all(identity)) await outbox.remove(identity, clientId);
  }
  async #move(from: string, to: string, conversations = ''): Promise<void> {
    const { outbox } = this.#options;
    for (const item of await outbox.all(from)) {
      if (!item.conversation.startsWith(conversations)) continue;
      await outbox.put(to, item);
      await outbox.remove(from, item.clientId);
    }
  }

  #veil(why: Veil | undefined): void {
    if (why && why === this.#veiled) return;
    this.#veiled = why;
    this.#options.veil(why);
  }
  /** Not while a newer word waits that doubts whoever is known. */
  #unveil(): void {
    if (!this.#isOver && !(this.#isDoubted && this.#options.visit.isKnown)) this.#veil(undefined);
  }

  /** What stands open is not for whoever is known here now. */
  get #isOver(): boolean {
    return this.#shown !== undefined && this.#shown !== this.#state;
  }
  get #state(): string {
    const { identity, canAttach } = this.#options.visit;
    return `${identity} ${canAttach}`;
  }
}

/** What hides the panel while the page cannot say who is there. */
const doubtOf = (who: Who): Veil | undefined =>
  who && ('pending' in who ? 'pending' : 'unknown' in who ? 'unknown' : undefined);

/** Whom a word names. Only the server can say whether it is true; for seeing that it is somebody else it need not be. */
export function subjectOf(token: string): string | undefined {
  try {
    const claims = JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as {
      sub?: unknown;
    };
    return typeof claims.sub === 'string' ? claims.sub : undefined;
  } catch {
    return undefined;
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
