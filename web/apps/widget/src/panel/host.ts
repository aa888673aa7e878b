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

  tell(message: ToPage): void {
    if (parent !== window && this.#origin) parent.postMessage(seal(message), this.#origin);
  }
}
