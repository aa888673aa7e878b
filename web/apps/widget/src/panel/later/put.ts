import type { Upload } from '../uploads.ts';

interface Stored {
  readonly file: { id: string; name?: string; width?: number; height?: number; bytes: number; media_type: string };
}

/** XMLHttpRequest because fetch tells no progress of what is sent. A refusal rejects with the server's words. */
export function put(
  request: XMLHttpRequest,
  { conversation, blob, name, key }: Upload,
  token: string,
  onProgress: (share: number) => void,
): Promise<Stored> {
  return new Promise((resolve, reject) => {
    const query = `conversation=${encodeURIComponent(conversation)}`;
    const path = name === undefined ? `images?${query}` : `documents?${query}&name=${encodeURIComponent(name)}`;
    request.open('POST', `/api/v1/file/${path}`);
    request.timeout = 600_000;
    request.responseType = 'json';
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Content-Type', blob.type || 'application/octet-stream');
    request.setRequestHeader('Accept-Language', document.documentElement.lang || 'zh-CN');
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener('loadend', () => {
      if (request.status === 201 || request.status === 200) resolve(request.response as Stored);
      else reject((request.response as { title?: string } | null)?.title);
    });
    request.send(blob);
  });
}
