import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STAGES } from '../scenarios/states.ts';
import { careOf } from '../src/panel/care.ts';
import { type OpenPanel, openPanel } from './panel.tsx';

const root = document.documentElement;
let panel: OpenPanel;
beforeEach(() => localStorage.clear());
afterEach(() => panel?.close());

describe('care mode', () => {
  it('is what the visitor chose, else what the page wishes, else what the site is set to', () => {
    expect(careOf('', undefined, undefined)).toBe(0);
    expect(careOf('', undefined, true)).toBe(20);
    expect(careOf('', false, true)).toBe(0);
    expect(careOf('', true, false)).toBe(20);
    expect(careOf('off', true, true)).toBe(0);
    expect(careOf('30', false, false)).toBe(30);
    expect(careOf('on', undefined, undefined)).toBe(20); // kept by an older panel
    expect(careOf('31', undefined, undefined)).toBe(0);
  });

  it('comes with one press, grows to 30 px, is kept, and goes away again', async () => {
    panel = await openPanel(STAGES.talking!);
    expect(root.dataset.ydCare).toBeUndefined();
    panel.byLabel('A+ 大字').click();
    await vi.waitFor(() => expect(root.dataset.ydCareSize).toBe('20'));
    await vi.waitFor(() => expect(panel.texts('.sizes button')).toEqual(['大', '特大', '超大', '回到标准版']));
    const sizes = () => [...panel.root.querySelectorAll<HTMLButtonElement>('.sizes button')];
    sizes()[2]!.click();
    await vi.waitFor(() => expect(root.dataset.ydCareSize).toBe('30'));
    expect(sizes()[2]!.getAttribute('aria-pressed')).toBe('true');
    expect(localStorage.getItem('yd:care')).toBe('30');
    panel.close();

    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(root.dataset.ydCareSize).toBe('30'));
    const size = panel.find<HTMLButtonElement>('.head .care');
    expect([size.textContent, size.getAttribute('aria-expanded')]).toEqual(['字号', 'false']);
    size.click();
    await vi.waitFor(() => expect(sizes().length).toBe(4));
    sizes()[3]!.click();
    await vi.waitFor(() => expect(root.dataset.ydCare).toBeUndefined());
    expect(localStorage.getItem('yd:care')).toBe('off');
    expect(panel.find('.sizes')).toBeNull();
  });

  it('offers fewer questions at home, the person first, and words instead of signs', async () => {
    localStorage.setItem('yd:care', '20');
    panel = await openPanel(STAGES.home!);
    await vi.waitFor(() => expect(root.dataset.ydCare).toBe('on'));
    expect(panel.find('.human .large').textContent).toContain('找人工客服');
    expect(panel.texts('.head .tool').filter(Boolean)).toEqual(['字号', '收起']);
  });
});
