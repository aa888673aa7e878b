import type { Entry, ThreadView } from '@yingda/realtime';
import { expect, it } from 'vitest';
import { ratingMarks } from './marks.ts';

const system = (seq: number, code: string) => ({
  key: String(seq),
  entry: { seq, kind: 'system', body: { code, params: {} } } as unknown as Entry,
});

it('finds the last rating and whether it was asked for', () => {
  const items = [system(1, 'opened'), system(4, 'rating_invited'), system(6, 'rated'), system(9, 'rated')];
  const view = { items } as unknown as ThreadView;
  expect(ratingMarks(view)).toEqual({ rated: 9, invited: true });
  expect(ratingMarks({ ...view, items: items.slice(0, 1) } as ThreadView)).toEqual({ rated: 0, invited: false });
});
