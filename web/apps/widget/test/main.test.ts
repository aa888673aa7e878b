import { afterEach, expect, it, vi } from 'vitest';
import { seal, type ToPanel } from '../src/messages.ts';
import { SITE } from './panel.tsx';

const HOST = 'https://shop.example';
const told: { type: string }[] = [];
const page = { postMessage: (message: { type: string }) => told.push(message) };
const says = (message: ToPanel) =>
  window.dispatchEvent(
    new MessageEvent('message', { data: seal(message), origin: HOST, source: page as unknown as Window }),
  );
const find = (selector: string) => document.querySelector<HTMLElement>(selector);
afterEach(() => vi.unstubAllGlobals());

it('ends the panel behind the door, which can be put away, and brings it back', async () => {
  localStorage.setItem('yd:demo:who', 'id-a');
  localStorage.setItem('yd:demo:device', 'secret');
  vi.stubGlobal('parent', page);
  vi.stubGlobal('WebSocket', class extends EventTarget {});
  vi.stubGlobal('fetch', async (path: string) =>
    path.includes('/sites/') ? Response.json({ site: SITE }) : new Promise(() => {}),
  );
  (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM.setURL(
    `https://service.example/widget/panel.html?key=demo&locale=zh-CN&host=${encodeURIComponent(HOST)}`,
  );
  const root = Object.assign(document.createElement('div'), { id: 'panel' });
  document.body.replaceChildren(root);
  await import('../src/panel/main.tsx');
  await vi.waitFor(() => expect(told.map(({ type }) => type)).toContain('boot'));
  says({ type: 'who', who: undefined });
  await vi.waitFor(() => expect(find('.panel')).toBeTruthy());
  const isOpen = () => find('.panel') !== null;
  says({ type: 'who', who: { pending: true } });
  await vi.waitFor(() => expect(find('.door')).toBeTruthy());
  expect(isOpen()).toBe(false);
  for (const who of [{ pending: true }, { unknown: true }] as const) {
    says({ type: 'who', who });
    await vi.waitFor(() => expect(document.querySelectorAll('.door h1').length).toBe('unknown' in who ? 1 : 0));
    told.length = 0;
    find('.door [aria-label="收起"]')!.click();
    await vi.waitFor(() => {
      window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
      expect(told.filter(({ type }) => type === 'close').length).toBeGreaterThan(1);
    });
    says({ type: 'shown' });
    expect(isOpen()).toBe(false);
  }
  says({ type: 'who', who: undefined });
  await vi.waitFor(() => expect(isOpen()).toBe(true));
  expect(find('.door')).toBeNull();
});
