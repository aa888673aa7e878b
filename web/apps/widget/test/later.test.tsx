import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Script } from '../scenarios/stage.ts';
import { STAGES } from '../scenarios/states.ts';
import { Later, parts, warm } from '../src/panel/later.ts';
import { type OpenPanel, openPanel } from './panel.tsx';

let panel: OpenPanel;
const whole = { ...parts };
beforeEach(() => localStorage.clear());
afterEach(() => {
  panel?.close();
  Object.assign(parts, whole);
  vi.restoreAllMocks();
});
const gone = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));

describe('a part of the panel that comes later', () => {
  it('is fetched once, and again at another address after it did not come', async () => {
    const fetch = vi.fn<(again?: string) => Promise<string>>().mockImplementationOnce(gone).mockResolvedValue('here');
    const part = new Later(fetch);
    await expect(part.load()).rejects.toThrow('Failed to fetch');
    expect(part.got).toBeUndefined();
    expect(await Promise.all([part.load(), part.load()])).toEqual(['here', 'here']);
    expect([part.got, fetch.mock.calls]).toEqual(['here', [[''], ['?1']]]);
  });

  it('is not asked for ahead of need once another did not come', async () => {
    const fetch = vi.fn(() => Promise.resolve('here'));
    const [first = '', second = ''] = Object.keys(parts);
    Object.assign(parts, { [first]: new Later(gone), [second]: new Later(fetch) });
    await warm();
    expect(fetch).not.toHaveBeenCalled();
  });

  it('is asked for by who wants it; when it does not come they are told, and the next try works', async () => {
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.byLabel('表情')).toBeTruthy());
    const fetch = vi.fn(gone);
    const emoji = new Later<Awaited<ReturnType<typeof whole.emoji.load>>>(fetch);
    Object.assign(parts, { emoji });
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(panel.texts('.notice')).toEqual(['操作未成功，请稍后再试']));
    expect(panel.find('.emoji')).toBeNull();
    fetch.mockImplementation((() => whole.emoji.load()) as never);
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(panel.find('.emoji')).toBeTruthy());
    expect(panel.texts('.notice')).toEqual([]);
  });

  it('that is missing on a server that answers makes the panel begin anew: it is older than the program', async () => {
    const reload = vi.spyOn(location, 'reload').mockImplementation(() => {});
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.client.sync.phase).toBe('online'));
    await vi.waitFor(() => expect(panel.byLabel('表情')).toBeTruthy());
    Object.assign(parts, { emoji: new Later(gone) });
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(panel.texts('.notice').length).toBe(1));
    expect(reload).not.toHaveBeenCalled();
    // A file that waits would be gone.
    const isBusy = vi.spyOn(panel.uploads, 'isBusy', 'get').mockReturnValue(true);
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(parts.emoji.refused).toBe(2));
    expect(reload).not.toHaveBeenCalled();
    isBusy.mockRestore();
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
  });

  it('that was missed in the background is told at the first click; what is loaded anew is so at the second', async () => {
    const reload = vi.spyOn(location, 'reload').mockImplementation(() => {});
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.client.sync.phase).toBe('online'));
    await vi.waitFor(() => expect(panel.byLabel('表情')).toBeTruthy());
    const fetch = vi.fn<(again?: string) => Promise<never>>(gone);
    Object.assign(parts, { emoji: new Later(fetch) });
    await expect(parts.emoji.load()).rejects.toThrow();
    // Two clicks that wait for one answer are told one failure.
    panel.byLabel('表情').click();
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(panel.texts('.notice').length).toBe(1));
    expect([reload.mock.calls.length, parts.emoji.refused]).toEqual([0, 1]);
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
    expect(fetch.mock.calls).toEqual([[''], ['?1'], ['?2']]);
  });

  it('that shows an upload leaves both ways out in its place', async () => {
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.byLabel('表情')).toBeTruthy());
    const upload = vi.fn(gone);
    Object.assign(parts, { upload: new Later(upload) });
    panel.uploads.add(panel.session.current!, new File(['x'], '账单.pdf', { type: 'application/pdf' }));
    await vi.waitFor(() => expect(panel.byLabel('重新发送 账单.pdf')).toBeTruthy());
    const asked = upload.mock.calls.length;
    panel.byLabel('重新发送 账单.pdf').click();
    await vi.waitFor(() => expect(upload.mock.calls.length).toBe(asked + 1));
    await vi.waitFor(() => expect(panel.byLabel('删除 账单.pdf')).toBeTruthy());
    panel.byLabel('删除 账单.pdf').click();
    await vi.waitFor(() => expect(panel.byLabel('删除 账单.pdf')).toBeNull());
    expect(panel.uploads.isBusy).toBe(false);
  });

  it('leaves the words of a card readable in its place', async () => {
    Object.assign(parts, { card: new Later(gone) });
    const card = { type: 'article', title: '停机保号', summary: '怎么办理', url: 'https://shop.example/a' };
    const { entries } = new Script().add('agent', 1, { kind: 'card', body: { card }, fallback: '文章：停机保号' });
    panel = await openPanel({ ...STAGES.talking!, entries, after: [] });
    await vi.waitFor(() => expect(panel.texts('.bubble:not(.typing)')).toEqual(['文章：停机保号']));
    expect(panel.find('.box')).toBeNull();
  });

  it('never takes the conversation away for a form that did not come', async () => {
    Object.assign(parts, { ratingForm: new Later(gone) });
    localStorage.setItem('yd:demo:current', 'c1');
    panel = await openPanel(STAGES.rate!);
    await vi.waitFor(() => expect(panel.find('.ended')).toBeTruthy());
    expect(panel.find('.rate')).toBeNull();
  });
});
