import type { ImageBody } from '@yingda/realtime';
import { chevronRight, close, refresh } from '@yingda/ui/icons';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { usePanel } from '../context.ts';
import { Icon } from '../icon.tsx';
import { wear } from '../later.ts';
import style from './lightbox.css?inline';

wear(style);
const WORDS = {
  'zh-CN': { previous: '上一张图片', next: '下一张图片', close: '关闭图片' },
  en: { previous: 'Previous image', next: 'Next image', close: 'Close image' },
};

export interface LightboxProps {
  readonly body: ImageBody;
  readonly url: string;
  readonly onClose: () => void;
}

/** A picture as large as the panel, and the way to its neighbours in the thread: by arrow key or button. */
export function Lightbox({ body: first, url: firstUrl, onClose }: LightboxProps) {
  const { words, locale, session, uploads } = usePanel();
  const own = WORDS[locale];
  const [file, setFile] = useState(first.file);
  const [urls, setUrls] = useState<Readonly<Record<string, string>>>({ [first.file]: firstUrl });
  /** The picture that did not come. */
  const [failed, setFailed] = useState('');
  const dialog = useRef<HTMLDialogElement>(null);
  const pictures = session.client.thread(session.current ?? '').items.flatMap(({ entry }) => {
    const isPicture = entry?.kind === 'image' && entry.v === 1 && entry.body;
    return isPicture ? [{ body: entry.body as ImageBody, name: entry.author.name }] : [];
  });
  const at = pictures.findIndex(({ body }) => body.file === file);
  const shown = pictures[at] ?? { body: first, name: '' };
  const url = urls[file];
  const label = shown.body.alt || words.imageOf(shown.name);

  const ask = () => {
    setFailed('');
    const local = uploads.localUrl(file);
    const answer = local
      ? Promise.resolve({ url: local })
      : session.client.call<{ url: string }>('POST', `/api/v1/file/${encodeURIComponent(file)}/link`, {});
    answer.then(
      (link) => setUrls((known) => ({ ...known, [file]: link.url })),
      () => setFailed(file),
    );
  };
  const step = (by: number) => {
    const next = at < 0 ? undefined : pictures[at + by];
    if (next) setFile(next.body.file);
  };
  // Before it is drawn: nobody must see or press what is not open yet.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    if (url === undefined) ask();
  }, [file]);

  const keyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') step(-1);
    else if (event.key === 'ArrowRight') step(1);
    else return;
    event.preventDefault();
  };
  // A click anywhere but on a button closes; by keyboard it is Escape or the button.
  const click = (event: MouseEvent) => (event.target as Element).closest('button') ?? dialog.current?.close();
  const beside = (by: number, name: string) => (
    <button
      type="button"
      class={by < 0 ? 'tool step back' : 'tool step'}
      aria-label={name}
      aria-disabled={at < 0 || !pictures[at + by]}
      onClick={() => step(by)}
    >
      <Icon of={chevronRight} size={24} />
    </button>
  );
  return (
    <dialog ref={dialog} class="lightbox" aria-label={label} onClose={onClose} onClick={click} onKeyDown={keyDown}>
      <button type="button" class="tool shut" aria-label={own.close} onClick={() => dialog.current?.close()}>
        <Icon of={close} size={24} />
      </button>
      {failed === file ? (
        <button type="button" class="button" onClick={ask}>
          <Icon of={refresh} />
          {words.imageFailed}
        </button>
      ) : (
        url && <img src={url} alt={label} onError={() => setFailed(file)} />
      )}
      {pictures.length > 1 && (
        <>
          <p class="place" aria-live="polite">
            {at >= 0 && `${at + 1} / ${pictures.length}`}
          </p>
          {beside(-1, own.previous)}
          {beside(1, own.next)}
        </>
      )}
    </dialog>
  );
}
