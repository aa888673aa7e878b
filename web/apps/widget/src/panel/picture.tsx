import type { ImageBody } from '@yingda/realtime';
import { refresh } from '@yingda/ui/icons';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePanel } from './context.ts';
import { Icon } from './icon.tsx';
import { parts, useOpen } from './later.ts';

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
  const local = uploads.localUrl(body.file);
  const [url, setUrl] = useState(local ?? (isFresh ? body.url : undefined));
  /** The small copy is enough here. */
  const [small, setSmall] = useState(local ?? (isFresh ? (body.thumbnail_url ?? body.url) : undefined));
  const [failed, setFailed] = useState(false);
  const [isLarge, setLarge] = useState(false);
  const open = useOpen();
  const { Lightbox } = parts.lightbox.got ?? {};
  const asked = useRef(false);
  const ask = () => {
    asked.current = true;
    setFailed(false);
    session.client
      .call<{ url: string; thumbnail_url?: string }>('POST', `/api/v1/file/${encodeURIComponent(body.file)}/link`, {})
      .then((link) => {
        setUrl(link.url);
        setSmall(link.thumbnail_url ?? link.url);
      })
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
        onClick={() => (failed ? ask() : open(parts.lightbox, () => setLarge(true)))}
        ref={(element) => {
          element?.style.setProperty('--w', `${size.width}px`);
          element?.style.setProperty('--ratio', `${size.width} / ${size.height}`);
        }}
      >
        {failed && <Icon of={refresh} size={24} />}
        {url !== undefined && !failed && (
          <img
            src={small ?? url}
            alt=""
            width={size.width}
            height={size.height}
            onError={() => (asked.current ? setFailed(true) : ask())}
          />
        )}
      </button>
      {isLarge && Lightbox && url !== undefined && <Lightbox body={body} url={url} onClose={() => setLarge(false)} />}
    </>
  );
}
