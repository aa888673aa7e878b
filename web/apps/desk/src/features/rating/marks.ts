import type { ThreadView } from '@yingda/realtime';

/** What the log tells of a rating: where it was last given (0 = not at all), and whether it was asked for. */
export function ratingMarks({ items }: ThreadView): { rated: number; invited: boolean } {
  const code = (entry: ThreadView['items'][number]['entry']) =>
    entry?.kind === 'system' ? entry.body?.code : undefined;
  return {
    rated: items.findLast(({ entry }) => code(entry) === 'rated')?.entry?.seq ?? 0,
    invited: items.some(({ entry }) => code(entry) === 'rating_invited'),
  };
}
