import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STAGES } from '../scenarios/states.ts';
import { type OpenPanel, openPanel, type } from './panel.tsx';

let panel: OpenPanel;
let area: HTMLTextAreaElement;
beforeEach(async () => {
  localStorage.clear();
  panel = await openPanel(STAGES.talking!);
  await vi.waitFor(() => expect(panel.find('textarea')).toBeTruthy());
  area = panel.find('textarea');
});
afterEach(() => panel.close());

function press(init: KeyboardEventInit): boolean {
  return area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }));
}
const written = () =>
  panel.client.outgoing().map(({ content }) => (content.kind === 'text' ? content.body.text : content.kind));

describe('composer', () => {
  it('sends with Enter exactly what was written, and empties the field', async () => {
    type(area, '  两行\n  原样 ');
    await vi.waitFor(() => expect(panel.byLabel('发送')).toBeTruthy());
    expect(press({})).toBe(false);
    expect(written()).toEqual(['  两行\n  原样 ']);
    await vi.waitFor(() => expect(area.value).toBe(''));
  });

  it('leaves Enter to the input method while it composes, and Shift+Enter to a new line', async () => {
    type(area, 'ni hao');
    await vi.waitFor(() => expect(panel.byLabel('发送')).toBeTruthy());
    press({ isComposing: true });
    press({ keyCode: 229 });
    expect(press({ shiftKey: true })).toBe(true);
    expect(written()).toEqual([]);
  });

  it('sends nothing that is only space, and nothing too long', async () => {
    type(area, ' \n ');
    press({});
    type(area, '字'.repeat(4001));
    await vi.waitFor(() => expect(panel.find('.warning')?.textContent).toContain('4000'));
    press({});
    expect(written()).toEqual([]);
  });

  it('keeps the draft over a reload', async () => {
    type(area, '写到一半');
    await vi.waitFor(() => expect(localStorage.getItem('yd:demo:draft')).toBe('写到一半'));
    panel.close();
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.find<HTMLTextAreaElement>('textarea')?.value).toBe('写到一半'));
  });

  it('puts an emoji where the cursor is, reachable by arrow keys alone', async () => {
    type(area, '好的');
    area.setSelectionRange(1, 1);
    panel.byLabel('表情').click();
    await vi.waitFor(() => expect(document.activeElement?.textContent).toBe('😀'));
    const picker = panel.find('.emoji');
    picker.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true }));
    expect(document.activeElement?.textContent).toBe('😄');
    (document.activeElement as HTMLButtonElement).click();
    await vi.waitFor(() => expect(area.value).toBe('好😄的'));
  });

  it('refuses what can be nothing that is sent, with a word', async () => {
    expect(panel.uploads.add('c1', new Blob(['x'], { type: 'application/pdf' }))).toEqual({ why: 'type' });
    expect(panel.uploads.add('c1', new File(['<svg/>'], 'a.svg', { type: 'image/svg+xml' }))).toEqual({ why: 'type' });
    expect(panel.uploads.of('c1')).toEqual([]);
  });
});
