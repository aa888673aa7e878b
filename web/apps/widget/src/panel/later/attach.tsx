import { useState } from 'preact/hooks';
import { usePanel, useTry } from '../context.ts';
import { wear } from '../later.ts';
import style from './attach.css?inline';

wear(style);
/** Its words come with it. */
const WORDS = {
  'zh-CN': {
    ask: '把刚才的对话并入我的账户？',
    text: '并入后，客服能看到您是谁，以后登录也能找到这次对话。',
    yes: '并入',
    no: '不用了',
  },
  en: {
    ask: 'Add this chat to your account?',
    text: 'The agent will see who you are, and you will find this chat whenever you sign in.',
    yes: 'Add it',
    no: 'No, leave it',
  },
};

/** Asks a customer who has just become known what to do with the talk they began before. */
export function AttachCard() {
  const { locale, attach } = usePanel();
  const attempt = useTry();
  const [isBusy, setBusy] = useState(false);
  if (!attach) return null;
  const words = WORDS[locale];
  const choose = (takes: boolean) => {
    setBusy(true);
    attempt(() => attach(takes).finally(() => setBusy(false)));
  };
  return (
    <section class="attach" aria-labelledby="attach-title">
      <h2 id="attach-title">{words.ask}</h2>
      <p>{words.text}</p>
      <div class="pair">
        <button type="button" class="button" disabled={isBusy} onClick={() => choose(false)}>
          {words.no}
        </button>
        <button type="button" class="button primary" disabled={isBusy} onClick={() => choose(true)}>
          {words.yes}
        </button>
      </div>
    </section>
  );
}
