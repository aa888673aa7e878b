import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Script } from '../scenarios/stage.ts';
import { STAGES } from '../scenarios/states.ts';
import { type OpenPanel, openPanel } from './panel.tsx';

let panel: OpenPanel;
beforeEach(() => localStorage.clear());
afterEach(() => panel?.close());

const picture = (file: string) => ({
  kind: 'image',
  body: { file, width: 60, height: 40, url: `/${file}.png`, url_expires_at: Number.MAX_SAFE_INTEGER },
});

describe('a picture looked at', () => {
  it('leads to its neighbours by arrow key and button, and no further than they go', async () => {
    const script = new Script().add('agent', 3, picture('a')).say('agent', 2, '看这两张').add('agent', 1, picture('b'));
    panel = await openPanel({ ...STAGES.talking!, entries: script.entries, after: [] });
    await vi.waitFor(() => expect(panel.root.querySelectorAll('.picture').length).toBe(2));
    vi.spyOn(panel.client, 'call').mockResolvedValue({ url: '/b.png' });
    panel.find('.picture').click();
    const place = () => panel.find('.lightbox .place')?.textContent;
    await vi.waitFor(() => expect(place()).toBe('1 / 2'));
    const box = panel.find<HTMLDialogElement>('.lightbox');
    expect(panel.byLabel('上一张图片').getAttribute('aria-disabled')).toBe('true');
    const press = (key: string) => box.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    press('ArrowRight');
    await vi.waitFor(() => expect(place()).toBe('2 / 2'));
    press('ArrowRight');
    panel.byLabel('上一张图片').click();
    await vi.waitFor(() => expect(place()).toBe('1 / 2'));
    // What did not come is this picture, not its neighbour.
    await vi.waitFor(() => expect(panel.find('.lightbox img')).toBeTruthy());
    panel.find('.lightbox img').dispatchEvent(new Event('error'));
    await vi.waitFor(() => expect(panel.find('.lightbox img')).toBeNull());
    press('ArrowRight');
    await vi.waitFor(() => expect(panel.find('.lightbox img')).toBeTruthy());
  });
});
