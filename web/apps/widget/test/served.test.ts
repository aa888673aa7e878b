import { expect, it, vi } from 'vitest';
import type { Widget } from '../src/loader/widget.ts';

const made: Pick<Widget, 'identify'>[] = [];
vi.mock('../src/loader/widget.ts', () => ({
  Widget: class {
    said: unknown;
    identify = vi.fn();
    open = vi.fn();
    start = vi.fn();
    destroy = vi.fn();
    constructor(_options: unknown, _tell: unknown, said: unknown) {
      this.said = said;
      made.push(this);
    }
  },
}));

it('gives what is said of the customer while the widget is off the page to the next one', async () => {
  const script = Object.assign(document.createElement('script'), { src: 'https://service.example/widget.js' });
  script.dataset.key = 'demo';
  vi.spyOn(document, 'currentScript', 'get').mockReturnValue(script);
  await import('../src/loader/main.ts');
  const { yingda } = window as unknown as { yingda: (...call: unknown[]) => void };
  yingda('destroy');
  yingda('identify', null);
  yingda('open');
  yingda('init');
  const [first, second] = made as unknown as Record<'said' | 'identify' | 'open', ReturnType<typeof vi.fn>>[];
  expect(first!.identify).toHaveBeenCalledWith(null);
  expect(first!.open).not.toHaveBeenCalled();
  expect(second!.said).toBe(first!.said);
});
