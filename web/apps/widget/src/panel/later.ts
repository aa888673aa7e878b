import { useEffect, useState } from 'preact/hooks';
import { usePanel, useTry } from './context.ts';

/** A part of the panel that its first view does not need: a chunk of its own. */
export class Later<T> {
  readonly #fetch: (again?: string) => Promise<T>;
  #asking: Promise<T> | undefined;
  /** The part, once it is here. */
  got: T | undefined;
  /** How often it did not come to somebody who clicked while the server answered; what is fetched ahead of need tells nobody. */
  refused = 0;
  #tries = 0;

  constructor(fetch: (again?: string) => Promise<T>) {
    this.#fetch = fetch;
  }

  /**
   * After a failure the next call asks again, at another address: some browsers remember a failed import as long as the page stands. The build
   * appends `again` to the address of each part.
   */
  load(): Promise<T> {
    this.#asking ??= this.#fetch(this.#tries ? `?${this.#tries}` : '').then(
      (part) => {
        this.got = part;
        return part;
      },
      (error: unknown) => {
        this.#asking = undefined;
        this.#tries += 1;
        throw error;
      },
    );
    return this.#asking;
  }
}

export const parts = {
  aloud: new Later(() => import('./later/aloud.tsx')),
  attach: new Later(() => import('./later/attach.tsx')),
  care: new Later(() => import('./later/care.tsx')),
  card: new Later(() => import('./later/card.tsx')),
  emoji: new Later(() => import('./later/emoji.tsx')),
  ending: new Later(() => import('./later/ending.tsx')),
  logo: new Later(() => import('./later/logo.tsx')),
  lightbox: new Later(() => import('./later/lightbox.tsx')),
  ratingForm: new Later(() => import('./later/ratingForm.tsx')),
  upload: new Later(() => import('./later/upload.tsx')),
};

/** Adds the style of a part; a sheet made in script needs no leave of the content policy and no second request. */
export function wear(css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
}

/**
 * Brings everything, one after the other, so that it is there should the network go. Ends with what does not come: it goes
 * on with the next connection.
 */
export async function warm(): Promise<void> {
  for (const part of Object.values(parts)) if (!(await part.load().catch(() => {}))) return;
}

/** For what stands in the thread: asked for while it is wanted, and again with each new connection; undefined until it is here. */
export function useLater<T>(part: Later<T>, isWanted: boolean): T | undefined {
  const { session } = usePanel();
  const [, draw] = useState(0);
  const isOnline = session.client.sync.phase === 'online';
  const drawnWith = part.got;
  useEffect(() => {
    // By what was drawn: it may have come since, and nobody else would draw it.
    if (!isWanted || drawnWith) return;
    const drawn = () => draw((n) => n + 1);
    part.load().then(drawn, () => {}); // what stands in its place stays
  }, [part, isWanted, isOnline]);
  return drawnWith;
}

/** For what somebody asks for: fetches it and goes on, or says that it did not work. */
export function useOpen(): (part: Later<unknown>, then: () => void) => void {
  const { session, uploads } = usePanel();
  const attempt = useTry();
  return (part, then) => {
    if (part.got) return then();
    const before = part.refused;
    const fetched = part.load().catch((error: unknown) => {
      if (session.client.sync.phase === 'online') {
        part.refused = before + 1; // clicks that wait for the same answer are one
        // The server is there and the chunk is not: the panel is older than the program. Without files that wait nothing is lost by loading it anew.
        if (before > 0 && !uploads.isBusy) location.reload();
      }
      throw error;
    });
    attempt(() => fetched.then(then));
  };
}
