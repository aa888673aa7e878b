import { usePanel } from '../context.ts';
import { FileLabel } from '../file.tsx';
import type { Upload } from '../uploads.ts';

export { put } from './put.ts';

/** A picture or another file that is still going up. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { words, uploads } = usePanel();
  const percent = Math.round(upload.progress * 100);
  // All of it is there, and the server looks at it.
  const state = percent < 100 ? words.uploading(percent) : words.checking;
  const drop = (label: string) => (
    <button type="button" onClick={() => uploads.discard(upload.id)}>
      {label}
    </button>
  );
  const progress = !upload.failed && (
    <progress max={100} value={percent} aria-label={state}>
      {percent}%
    </progress>
  );
  return (
    <li class="said mine">
      {upload.name === undefined ? (
        <div class="picture going">
          <img src={upload.url} alt="" />
          {progress}
        </div>
      ) : (
        <div class="file going">
          <FileLabel name={upload.name} size={upload.blob.size}>
            {upload.failed ? undefined : state}
          </FileLabel>
          {progress}
        </div>
      )}
      {upload.failed ? (
        <p class="marks bad">
          {upload.why ?? words.uploadFailed}
          <button type="button" onClick={() => uploads.retry(upload.id)}>
            {words.retry}
          </button>
          {drop(words.discard)}
        </p>
      ) : (
        <p class="marks">{drop(words.cancel)}</p>
      )}
    </li>
  );
}
