import { useLayoutEffect, useRef } from 'preact/hooks';
import { usePanel, useTry } from '../context.ts';
import { wear } from '../later.ts';
import style from './ending.css?inline';

wear(style);
const WORDS = {
  'zh-CN': { ask: '结束这次会话？', text: '结束后 24 小时内可以接着聊。', yes: '结束会话', no: '继续聊' },
  en: {
    ask: 'End this chat?',
    text: 'You can continue it within 24 hours.',
    yes: 'End chat',
    no: 'Keep chatting',
  },
};

/** Asks before the conversation ends. */
export function EndDialog({ onDone }: { onDone: () => void }) {
  const { session, locale } = usePanel();
  const words = WORDS[locale];
  const attempt = useTry();
  const dialog = useRef<HTMLDialogElement>(null);
  // Before it is drawn: nobody must see or press what is not open yet.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const end = () => {
    dialog.current?.close();
    attempt(() => session.end());
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="end-title" onClose={onDone}>
      <h2 id="end-title">{words.ask}</h2>
      <p>{words.text}</p>
      <div class="pair">
        <button type="button" class="button big" onClick={() => dialog.current?.close()}>
          {words.no}
        </button>
        <button type="button" class="button primary big" onClick={end}>
          {words.yes}
        </button>
      </div>
    </dialog>
  );
}
