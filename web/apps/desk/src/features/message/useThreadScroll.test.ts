import { describe, expect, it, vi } from 'vitest';
import { effectScope, ref } from 'vue';
import { useThreadScroll } from './useThreadScroll.ts';

/** A box of 400 px with 1000 px in it, at its end, as the browser tells of it. */
function scrolled() {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // hooks without a component
  const box = { scrollTop: 0, scrollHeight: 1000, clientHeight: 400 };
  const scroll = effectScope().run(() => useThreadScroll(ref(box as HTMLElement), ref(), () => {}));
  if (!scroll) throw new Error('no scope');
  const seen = (now: Partial<typeof box>) => {
    Object.assign(box, now);
    scroll.measure();
    return scroll.atEnd.value;
  };
  scroll.toEnd();
  seen({ scrollTop: 600 });
  return seen;
}

describe('a reader at the end of a thread', () => {
  it('stays there while it grows', () => {
    expect(scrolled()({ scrollHeight: 1200 })).toBe(true);
  });

  it('leaves it by going up', () => {
    expect(scrolled()({ scrollTop: 0 })).toBe(false);
  });

  it.each([
    ['words come', { scrollTop: 0, scrollHeight: 1024 }],
    ['the editor grows', { scrollTop: 0, clientHeight: 376 }],
    ['somebody stops typing, at a place of fractions', { scrollTop: 0, scrollHeight: 999.6 }],
  ])('leaves it by one jump up in the frame in which %s', (_, now) => {
    expect(scrolled()(now)).toBe(false);
  });

  it('stays when it was the browser that went up: the place is no more', () => {
    const seen = scrolled();
    // Half of it is gone and some has come, told in one event.
    expect(seen({ scrollTop: 100, scrollHeight: 600 })).toBe(true);
    expect(seen({ scrollTop: 50, scrollHeight: 600 })).toBe(false);
  });
});
