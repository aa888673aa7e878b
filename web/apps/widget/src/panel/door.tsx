import { minus } from '@yingda/ui/icons';
import { useEscape } from './context.ts';
import { Icon } from './icon.tsx';
import type { Veil } from './identity.ts';
import type { Words } from './words.ts';

export interface DoorProps {
  readonly words: Words;
  readonly why: Veil;
  /** Asks the host page once more. */
  readonly onAgain: () => void;
  /** Goes on as nobody the page knows. */
  readonly onGuest: () => void;
  readonly onClose: (() => void) | undefined;
}

/** Stands in the place of the panel while the host page does not say whose it is: nothing of anybody can be seen, heard or reached. */
export function Door({ words, why, onAgain, onGuest, onClose }: DoorProps) {
  useEscape(onClose);
  return (
    <main class="door" aria-live="polite">
      <button type="button" class="tool" aria-label={words.minimise} onClick={onClose}>
        <Icon of={minus} />
      </button>
      <div>
        {why === 'pending' ? (
          <p>{words.asking}</p>
        ) : (
          <>
            <h1>{words.unsure}</h1>
            <p>{words.unsureText}</p>
            <button type="button" class="button primary big" onClick={onAgain}>
              {words.askAgain}
            </button>
            <button type="button" class="button big" onClick={onGuest}>
              {words.asGuest}
            </button>
          </>
        )}
      </div>
    </main>
  );
}
