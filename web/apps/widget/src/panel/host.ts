import { seal, type ToPage, type ToPanel, unseal } from '../messages.ts';

/** The operator's page around the panel. `origin` is what the loader said it is; messages of any other origin are not heard. */
export class HostPage {
  readonly #origin: string;

  constructor(origin: string, hear: (message: ToPanel) => void) {
    this.#origin = origin;
    addEventListener('message', (event) => {
      if (event.source !== parent || event.origin !== origin) return;
      const message = unseal<ToPanel>(event.data);
      if (message) hear(message);
    });
  }

  /** A loader is around the panel; alone in a tab there is none. */
  get isThere(): boolean {
    return parent !== window && this.#origin !== '' && this.#origin !== 'null';
  }

  tell(message: ToPage): void {
    if (this.isThere) parent.postMessage(seal(message), this.#origin);
  }
}
