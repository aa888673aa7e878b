import { acceptOf } from '@yingda/ui';
import { image, send, smile } from '@yingda/ui/icons';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { usePanel } from './context.ts';
import { Icon } from './icon.tsx';
import { useKept } from './kept.ts';
import { parts, useOpen } from './later.ts';

const LONGEST = 4000;
/** Who has not touched a key for so long is not typing any more. */
const TYPING_ENDS = 4_000;

export function Composer({ onSent }: { onSent: () => void }) {
  const { session, uploads, words, store } = usePanel();
  const { current = '', conversation, site, client } = session;
  const [text, setText] = useKept(store, `yd:${site.key}:draft`);
  const [isPicking, setPicking] = useState(false);
  const open = useOpen();
  const { EmojiPicker } = parts.emoji.got ?? {};
  const area = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const idle = useRef<number>(undefined);
  const isOnline = client.sync.phase === 'online';

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight + 2}px`;
  }, [text]);
  useEffect(() => () => clearTimeout(idle.current), []);
  useEffect(() => {
    if (isOnline) uploads.ask().catch(() => {}); // the next connection asks again
  }, [isOnline]);
  useEffect(() => {
    if (uploads.lost) session.warn('filesLost');
    uploads.lost = false;
  }, []);

  const write = (next: string) => {
    setText(next);
    client.typing(current, next !== '');
    if (site.preview) client.preview(current, next);
    clearTimeout(idle.current);
    idle.current = window.setTimeout(() => client.typing(current, false), TYPING_ENDS);
  };
  const submit = () => {
    if (!text.trim() || text.length > LONGEST) return;
    session.say(text);
    setText('');
    clearTimeout(idle.current);
    setPicking(false);
    onSent();
    area.current?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey) return;
    // 229: an input method is composing; its Enter takes a candidate and is none of ours.
    if (event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  };
  const insert = (sign: string) => {
    const element = area.current;
    const [from, to] = [element?.selectionStart ?? text.length, element?.selectionEnd ?? text.length];
    write(text.slice(0, from) + sign + text.slice(to));
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(from + sign.length, from + sign.length);
    });
  };
  const addFiles = (files: Iterable<File>) => {
    session.warn(undefined);
    for (const one of files) {
      const refused = uploads.add(current, one);
      if (refused?.why === 'large') session.warn('fileLarge', `${refused.most} MB`);
      else if (refused?.why === 'empty') session.warn('fileEmpty');
      else if (refused) {
        const endings = uploads.rules?.types.map(({ ending }) => ending) ?? [];
        session.warn('fileType', [words.pictures, ...endings].join(words.comma));
      }
    }
    onSent();
  };
  const paste = (event: ClipboardEvent) => {
    const files = Array.from(event.clipboardData?.files ?? []);
    if (files.length === 0 || session.isUnborn) return;
    event.preventDefault();
    addFiles(files);
  };
  useEffect(() => {
    // Anywhere on the panel: without this the browser would open what is dropped in its place.
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      const files = Array.from(event.dataTransfer?.files ?? []);
      if (files.length === 0) return;
      event.preventDefault();
      if (!session.isUnborn) addFiles(files);
    };
    document.addEventListener('dragover', over);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('drop', drop);
    };
  });

  const tooLong = text.length > LONGEST;
  return (
    <footer class="composer">
      {isPicking && EmojiPicker && <EmojiPicker onPick={insert} onClose={() => setPicking(false)} />}
      <div class="row">
        <button
          type="button"
          class="tool"
          aria-label={words.image}
          disabled={session.isUnborn}
          onClick={() => file.current?.click()}
        >
          <Icon of={image} />
        </button>
        <input
          ref={file}
          type="file"
          hidden
          accept={acceptOf(uploads.rules)}
          multiple
          onChange={(event) => {
            addFiles(Array.from(event.currentTarget.files ?? []));
            event.currentTarget.value = '';
          }}
        />
        <textarea
          ref={area}
          rows={1}
          value={text}
          enterkeyhint="send"
          aria-label={words.placeholder}
          aria-invalid={tooLong}
          placeholder={conversation?.state === 'queued' ? words.placeholderQueue : words.placeholder}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={keyDown}
          onPaste={paste}
          onBlur={() => client.typing(current, false)}
        />
        <button
          type="button"
          class="tool"
          aria-label={words.emoji}
          aria-expanded={isPicking}
          onClick={() => (isPicking ? setPicking(false) : open(parts.emoji, () => setPicking(true)))}
        >
          <Icon of={smile} />
        </button>
        {text.trim() && (
          <button
            type="button"
            class="tool go"
            aria-label={isOnline ? words.send : words.sendLater}
            disabled={tooLong}
            onClick={submit}
          >
            <Icon of={send} />
          </button>
        )}
      </div>
      {tooLong && (
        <p class="warning" role="alert">
          {words.tooLong} ({text.length})
        </p>
      )}
    </footer>
  );
}
