import { describe, expect, it } from 'vitest';
import { parseCard } from '../src/index.ts';

const article = (url: string) => parseCard({ type: 'article', title: '漫游', summary: '资费', url });

describe('parseCard', () => {
  it('lets an option be its own text', () => {
    expect(parseCard({ type: 'choice', prompt: '哪一种？', options: [{ label: '十月账单' }] })).toEqual({
      type: 'choice',
      prompt: '哪一种？',
      options: [{ label: '十月账单', text: '十月账单' }],
    });
  });

  it('refuses links that are not https, so that no card can carry a script', () => {
    expect(article('https://example.com/a')).toBeDefined();
    for (const url of ['javascript:alert(1)', 'http://example.com', 'data:text/html,x', '//example.com', '']) {
      expect(article(url), url).toBeUndefined();
    }
  });

  it('refuses what it does not know or what is malformed, and never throws', () => {
    for (const card of [
      undefined,
      null,
      1,
      'x',
      [],
      {},
      { type: 'poem' },
      { type: 'choice', prompt: '?', options: {} },
    ]) {
      expect(parseCard(card)).toBeUndefined();
    }
    expect(parseCard({ type: 'bill', title: '十月', total_fen: 1.5, items: [] })).toBeUndefined();
  });
});
