import { useState } from 'preact/hooks';
import { usePanel, useTry } from '../context.ts';
import { wear } from '../wear.ts';
import style from './attach.css?inline';

wear(style);

/** Asks a customer who has just become known what to do with the talk they began before. */
export function AttachCard() {
  const { words, attach } = usePanel();
  const attempt = useTry();
  const [isBusy, setBusy] = useState(false);
  if (!attach) return null;
  const choose = (takes: boolean) => {
    setBusy(true);
    attempt(() => attach(takes).finally(() => setBusy(false)));
  };
  return (
    <section class="attach" aria-labelledby="attach-title">
      <h2 id="attach-title">{words.attachAsk}</h2>
      <p>{words.attachText}</p>
      <div class="pair">
        <button type="button" class="button" disabled={isBusy} onClick={() => choose(false)}>
          {words.attachNo}
        </button>
        <button type="button" class="button primary" disabled={isBusy} onClick={() => choose(true)}>
          {words.attachYes}
        </button>
      </div>
    </section>
  );
}
