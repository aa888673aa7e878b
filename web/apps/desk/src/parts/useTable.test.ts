import { describe, expect, it } from 'vitest';
import { useTable } from './useTable.ts';

describe('table', () => {
  it('appends the next page and knows when there is none', async () => {
    const pages: Record<string, { items: number[]; next?: string }> = {
      first: { items: [1, 2], next: 'b' },
      b: { items: [3] },
    };
    const table = useTable(async (after) => pages[after ?? 'first']!);
    await table.load();
    await table.more();
    expect(table.items.value).toEqual([1, 2, 3]);
    expect(table.next.value).toBeUndefined();
  });

  it('drops the slower answer to an older question', async () => {
    const answers: ((items: string[]) => void)[] = [];
    const table = useTable(() => new Promise<{ items: string[] }>((done) => answers.push((items) => done({ items }))));
    const [slow, fast] = [table.load(), table.load()];
    answers[1]?.(['new']);
    answers[0]?.(['old']);
    await Promise.all([slow, fast]);
    expect(table.items.value).toEqual(['new']);
  });

  it('keeps what it has when a page fails, and says so', async () => {
    let fail = false;
    const table = useTable(async () => {
      if (fail) throw new Error('away');
      return { items: [1] };
    });
    await table.load();
    fail = true;
    await table.load();
    expect(table.items.value).toEqual([1]);
    expect(table.error.value).toBeInstanceOf(Error);
  });
});
