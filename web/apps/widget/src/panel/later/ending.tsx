import { useEffect, useRef } from 'preact/hooks';
import { usePanel, useTry } from '../context.ts';
import { wear } from '../later.ts';
import style from './ending.css?inline';

wear(style);

/** Asks before the conversation ends. */
export function EndDialog({ onDone }: { onDone: () => void }) {
  const { session, words } = usePanel();
  const attempt = useTry();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const end = () => {
    dialog.current?.close();
    attempt(() => session.end());
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="end-title" onClose={onDone}>
      <h2 id="end-title">{words.closeAsk}</h2>
      <p>{words.closeText}</p>
      <div class="pair">
        <button type="button" class="button big" onClick={() => dialog.current?.close()}>
          {words.closeNo}
        </button>
        <button type="button" class="button primary big" onClick={end}>
          {words.closeYes}
        </button>
      </div>
    </dialog>
  );
}
