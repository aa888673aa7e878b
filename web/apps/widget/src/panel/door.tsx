import { render } from 'preact';
import type { Veil } from './identity.ts';
import type { Words } from './words.ts';

export interface DoorOptions {
  readonly words: Words;
  /** Asks the host page once more. */
  readonly onAgain: () => void;
  /** Goes on as nobody the page knows. */
  readonly onGuest: () => void;
}

/** Stands in the place of the panel while the host page does not say whose it is: nothing of anybody can be seen, heard or reached. */
export class Door {
  readonly #options: DoorOptions;
  readonly #panel: HTMLElement;
  readonly #element = document.createElement('div');

  constructor(panel: HTMLElement, options: DoorOptions) {
    this.#panel = panel;
    this.#options = options;
    this.#element.className = 'door';
    this.#element.setAttribute('role', 'status');
  }

  set(why: Veil | undefined): void {
    const { words, onAgain, onGuest } = this.#options;
    this.#panel.hidden = why !== undefined;
    if (why === undefined) {
      this.#element.remove();
      return;
    }
    this.#panel.after(this.#element);
    const asking = <p>{words.asking}</p>;
    const unknown = (
      <main>
        <h1>{words.unsure}</h1>
        <p>{words.unsureText}</p>
        <button type="button" class="button primary big" onClick={onAgain}>
          {words.askAgain}
        </button>
        <button type="button" class="button big" onClick={onGuest}>
          {words.asGuest}
        </button>
      </main>
    );
    render(why === 'pending' ? asking : unknown, this.#element);
  }
}
