import type { ImageBody } from '@yingda/realtime';
import { close, refresh } from '@yingda/ui/icons';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePanel } from './context.ts';
import { Icon } from './icon.tsx';
import type { Upload } from './uploads.ts';

/** Longest side of a picture in the thread, in px. */
const BOX = 220;
export function fit(width: number, height: number): { width: number; height: number } {
  const share = Math.min(1, BOX / Math.max(width, height, 1));
  return { width: Math.max(44, Math.round(width * share)), height: Math.max(44, Math.round(height * share)) };
}

/** An image entry. Its address is short-lived, so a fresh one is asked for when it is missing, about to expire, or refused. */
export function Picture({ body, name }: { body: ImageBody; name: string }) {
  const { words, session, uploads, now } = usePanel();
  const isFresh = body.url !== undefined && (body.url_expires_at ?? 0) > now() + 30_000;
  const [url, setUrl] = useState(uploads.localUrl(body.file) ?? (isFresh ? body.url : undefined));
  const [failed, setFailed] = useState(false);
  const [isLarge, setLarge] = useState(false);
  const asked = useRef(false);
  const ask = () => {
    asked.current = true;
    setFailed(false);
    session.client
      .call<{ url: string }>('POST', `/api/v1/file/${encodeURIComponent(body.file)}/link`, {})
      .then((link) => setUrl(link.url))
      .catch(() => setFailed(true));
  };
  useEffect(() => {
    if (url === undefined) ask();
  }, []);
  const size = fit(body.width, body.height);
  return (
    <>
      <button
        type="button"
        class="picture"
        aria-label={failed ? words.imageFailed : body.alt || words.imageOf(name)}
        onClick={() => (failed ? ask() : setLarge(true))}
        ref={(element) => {
          element?.style.setProperty('--w', `${size.width}px`);
          element?.style.setProperty('--ratio', `${size.width} / ${size.height}`);
        }}
      >
        {failed && <Icon of={refresh} size={24} />}
        {url !== undefined && !failed && (
          <img
            src={url}
            alt=""
            width={size.width}
            height={size.height}
            onError={() => (asked.current ? setFailed(true) : ask())}
          />
        )}
      </button>
      {isLarge && url !== undefined && (
        <Lightbox url={url} label={body.alt || words.imageOf(name)} onClose={() => setLarge(false)} />
      )}
    </>
  );
}

function Lightbox({ url, label, onClose }: { url: string; label: string; onClose: () => void }) {
  const { words } = usePanel();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // A click anywhere closes; by keyboard it is Escape or the button.
    element?.addEventListener('click', () => element.close());
  }, []);
  return (
    <dialog ref={dialog} class="lightbox" aria-label={label} onClose={onClose}>
      <button type="button" class="tool" aria-label={words.closeImage}>
        <Icon of={close} size={24} />
      </button>
      <img src={url} alt={label} />
    </dialog>
  );
}

/** A picture that is still going up. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { words, uploads } = usePanel();
  const percent = Math.round(upload.progress * 100);
  return (
    <li class="said mine">
      <div class="picture going">
        <img src={upload.url} alt="" />
        {!upload.failed && (
          <progress max={100} value={percent} aria-label={words.uploading(percent)}>
            {percent}%
          </progress>
        )}
      </div>
      {upload.failed && (
        <p class="marks bad">
          {words.uploadFailed}
          <button type="button" onClick={() => uploads.retry(upload.id)}>
            {words.retry}
          </button>
          <button type="button" onClick={() => uploads.drop(upload.id)}>
            {words.discard}
          </button>
        </p>
      )}
    </li>
  );
}
