import { describe, expect, it } from 'vitest';
import { Thread } from '../src/thread.ts';
import type { Entry } from '../src/wire.ts';
import { entry } from './world.ts';

const shown = (thread: Thread) => thread.entries.map(({ seq }) => seq);

describe('Thread', () => {
  it('shows every entry once and in order, whatever order and number they come in', () => {
    const all = [1, 2, 3, 4, 5, 6].map((seq) => entry(seq, `t${seq}`));
    // Every rotation, each entry doubled, alternately reversed: 12 deliveries of 12 frames.
    for (let turn = 0; turn < 12; turn++) {
      const thread = new Thread(0);
      const rotated = [...all.slice(turn % 6), ...all.slice(0, turn % 6)];
      const order = turn < 6 ? rotated : rotated.toReversed();
      for (const one of order.flatMap((one) => [one, one])) thread.take(one);
      expect(shown(thread)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(thread.hasGap).toBe(false);
    }
  });

  it('holds back what does not follow until the hole is filled', () => {
    const thread = new Thread(0);
    thread.take(entry(1, 'a'));
    expect(thread.take(entry(3, 'c'))).toEqual([]);
    expect([shown(thread), thread.hasGap, thread.held]).toEqual([[1], true, 1]);
    expect(thread.take(entry(2, 'b')).map(({ seq }) => seq)).toEqual([2, 3]);
    expect([thread.hasGap, thread.held]).toEqual([false, 3]);
  });

  it('counts a hidden range as held with the entry that carries it', () => {
    const thread = new Thread(0);
    thread.take(entry(4, 'd', { hidden: [1, 3] }));
    thread.take(entry(8, 'h', { hidden: [6, 7] }));
    expect([shown(thread), thread.hasGap]).toEqual([[4], true]);
    thread.take(entry(5, 'e'));
    expect([shown(thread), thread.held]).toEqual([[4, 5, 8], 8]);
  });

  it('begins after a floor and takes older pages before it', () => {
    const thread = new Thread(4);
    for (const seq of [5, 6]) thread.take(entry(seq, `t${seq}`));
    thread.prepend([entry(3, 'c'), entry(4, 'd')], false);
    expect([shown(thread), thread.floor]).toEqual([[3, 4, 5, 6], 2]);
    thread.prepend([entry(2, 'b', { hidden: [1, 1] })], true);
    expect([shown(thread), thread.floor]).toEqual([[2, 3, 4, 5, 6], 0]);
  });

  it('takes the body away when a recall or erasure names it, also from older pages', () => {
    const recall = (seq: number, code: string, target: number) =>
      entry(seq, code, { role: 'system', kind: 'system', body: { code, params: { target } } });
    const thread = new Thread(1);
    thread.take(entry(2, 'wrong number'));
    thread.take(recall(3, 'recalled', 2));
    thread.take(recall(4, 'erased', 1));
    expect(thread.entries[0]).toMatchObject({ seq: 2, recalled: true, body: undefined });
    thread.prepend([entry(1, 'secret')], true);
    expect(thread.entries[0]).toMatchObject({ seq: 1, erased: true, body: undefined });
    expect(thread.entries[0]?.fallback).toBe('');
    const whole = new Thread(0);
    for (const seq of [1, 2, 3]) whole.take(entry(seq, `secret ${seq}`));
    whole.take(
      entry(4, '', { kind: 'system', body: { code: 'erased', params: { from: 2, target: 3 } } } as Partial<Entry>),
    );
    expect(JSON.stringify(whole.entries)).not.toMatch(/secret [23]/);
    expect(whole.entries[0]?.fallback).toBe('secret 1');
    const supervisor = new Thread(1, true);
    supervisor.take(entry(2, 'wrong number'));
    supervisor.take(recall(3, 'recalled', 2));
    expect(supervisor.entries[0]).toMatchObject({ recalled: true, body: { text: 'wrong number' } });
  });

  it('takes a second copy only where it has lost its body', () => {
    const thread = new Thread(0);
    thread.take(entry(1, 'a'));
    thread.take(entry(1, 'forged'));
    expect(thread.entries[0]?.fallback).toBe('a');
    thread.take(entry(1, '', { recalled: true, body: undefined }));
    expect(thread.entries[0]?.recalled).toBe(true);
  });
});
