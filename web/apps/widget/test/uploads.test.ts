import type { RealtimeClient } from '@yingda/realtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uploads } from '../src/panel/uploads.ts';

/** The browser's request, driven by the test. */
class FakeRequest extends EventTarget {
  static made: FakeRequest[] = [];
  readonly upload = new EventTarget();
  readonly headers: Record<string, string> = {};
  path = '';
  status = 0;
  response: unknown;
  responseType = '';
  timeout = 0;
  constructor() {
    super();
    FakeRequest.made.push(this);
  }
  open(_method: string, path: string): void {
    this.path = path;
  }
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }
  send(): void {}
  aborted = false;
  abort(): void {
    this.aborted = true;
  }
  finish(status: number, response?: unknown): void {
    this.status = status;
    this.response = response;
    this.dispatchEvent(new Event('loadend'));
  }
}

const send = vi.fn();
let uploads: Uploads;
beforeEach(() => {
  sessionStorage.clear();
  FakeRequest.made = [];
  send.mockReset();
  vi.stubGlobal('XMLHttpRequest', FakeRequest);
  uploads = new Uploads(
    { send } as unknown as RealtimeClient,
    async () => 'token',
    () => {},
  );
});
afterEach(() => vi.unstubAllGlobals());

const picture = new Blob(['x'], { type: 'image/png' });
const file = { id: 'f1', width: 640, height: 400 };
async function requested(count: number): Promise<FakeRequest> {
  await vi.waitFor(() => expect(FakeRequest.made.length).toBe(count));
  return FakeRequest.made[count - 1]!;
}

describe('uploads', () => {
  it('shows how far it is, then puts the image into the conversation', async () => {
    uploads.add('c1', picture);
    const request = await requested(1);
    expect(request.path).toBe('/api/v1/file/images?conversation=c1');
    expect(request.headers).toMatchObject({ Authorization: 'Bearer token', 'Content-Type': 'image/png' });
    request.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: 1, total: 4 }));
    expect(uploads.of('c1')[0]?.progress).toBe(0.25);
    request.finish(201, { file });
    await vi.waitFor(() => expect(uploads.of('c1')).toEqual([]));
    expect(send).toHaveBeenCalledWith('c1', { kind: 'image', body: { file: 'f1', width: 640, height: 400 } });
    expect(uploads.localUrl('f1')).toMatch(/^blob:/);
  });

  it('keeps a failed one for another try, or for dropping', async () => {
    uploads.add('c1', picture);
    (await requested(1)).finish(0);
    await vi.waitFor(() => expect(uploads.of('c1')[0]?.failed).toBe(true));
    uploads.retry(uploads.of('c1')[0]!.id);
    (await requested(2)).finish(413);
    await vi.waitFor(() => expect(uploads.of('c1')[0]?.failed).toBe(true));
    uploads.discard(uploads.of('c1')[0]!.id);
    expect(uploads.of('c1')).toEqual([]);
    expect(send).not.toHaveBeenCalled();
  });

  it('sends any other file under its name, and breaks it off when it is taken off', async () => {
    uploads.add('c1', new File(['%PDF-'], '账单 1.pdf', { type: 'application/pdf' }));
    const request = await requested(1);
    expect(request.path).toBe('/api/v1/file/documents?conversation=c1&name=%E8%B4%A6%E5%8D%95%201.pdf');
    request.finish(415, { title: '不能发送这种类型的文件' });
    await vi.waitFor(() => expect(uploads.of('c1')[0]).toMatchObject({ failed: true, why: '不能发送这种类型的文件' }));
    uploads.retry(uploads.of('c1')[0]!.id);
    const again = await requested(2);
    expect(again.headers['Idempotency-Key']).toBe(request.headers['Idempotency-Key']);
    again.finish(201, { file: { id: 'f2', bytes: 5, media_type: 'application/pdf' } });
    await vi.waitFor(() => expect(uploads.of('c1')).toEqual([]));
    const body = { file: 'f2', name: '账单 1.pdf', bytes: 5, media_type: 'application/pdf' };
    expect(send).toHaveBeenCalledWith('c1', { kind: 'file', body });

    uploads.add('c1', new File(['a'], 'a.txt', { type: 'text/plain' }));
    const going = await requested(3);
    uploads.discard(uploads.of('c1')[0]!.id);
    expect(going.aborted).toBe(true);
  });

  it('takes no file above the limit', () => {
    const large = new Blob([new Uint8Array(10 * 1024 * 1024 + 1)], { type: 'image/png' });
    uploads.rules = { image_mb: 10, document_mb: 20, types: [] };
    expect(uploads.add('c1', large)).toEqual({ why: 'large', most: 10 });
    expect(FakeRequest.made).toEqual([]);
  });

  it('tells after a reload that what was chosen has to be chosen again', async () => {
    const anew = () =>
      new Uploads(
        { send } as unknown as RealtimeClient,
        async () => 't',
        () => {},
      );
    expect(anew().lost).toBe(false);
    uploads.add('c1', picture);
    expect(anew().lost).toBe(true);
    uploads.discard(uploads.of('c1')[0]!.id);
    expect(anew().lost).toBe(false);
  });
});
