import { describe, expect, it } from 'vitest';
import { entry, item, pending } from '../../../scenarios/samples.ts';
import { lines, mayRecall, textOf, voiceOf } from './lines.ts';

const day = 86_400_000;

describe('lines', () => {
  it('puts one day line before the first entry of each day', () => {
    const at = new Date(2026, 10, 20, 12).getTime();
    const shown = lines([
      item(entry({ seq: 1, at: at - day })),
      item(entry({ seq: 2, at })),
      item(entry({ seq: 3, at: at + 1 })),
    ]);
    expect(shown.map(({ type }) => type)).toEqual(['day', 'item', 'day', 'item', 'item']);
  });
});

it('do not say twice that something was recalled', () => {
  const gone = item(entry({ seq: 1, recalled: true, body: undefined }));
  const notice = item(entry({ seq: 2, kind: 'system', body: { code: 'recalled', params: { target: 1 } } }));
  expect(lines([gone, notice]).map(({ key }) => key)).not.toContain(notice.key);
});

describe('voices', () => {
  it('gives each author the right side and ground', () => {
    const by = (role: 'customer' | 'agent' | 'bot' | 'supervisor') =>
      item(entry({ author: { participant: 2, role, name: '' } }));
    expect([by('customer'), by('agent'), by('bot'), by('supervisor')].map(voiceOf)).toEqual([
      'customer',
      'staff',
      'bot',
      'staff',
    ]);
    expect(voiceOf(item(entry({ kind: 'note', body: { text: '光衰' } })))).toBe('note');
    expect(voiceOf(pending({ content: { kind: 'note', body: { text: '光衰' } } }))).toBe('note');
    expect(voiceOf(item(entry({ kind: 'system', body: { code: 'opened', params: {} } })))).toBe('system');
  });
});

describe('recall', () => {
  const mine = entry({ at: 1_000_000, author: { participant: 2, role: 'agent', name: '林晓' } });
  it('is offered for two minutes on what I said', () => {
    expect(mayRecall(item(mine, 'sent'), 1_119_999)).toBe(true);
    expect(mayRecall(item(mine, 'sent'), 1_120_000)).toBe(false);
  });
  it('is not offered on what others said, or what is gone already', () => {
    expect(mayRecall(item(mine), 1_000_001)).toBe(false);
    expect(mayRecall(item({ ...mine, recalled: true }, 'sent'), 1_000_001)).toBe(false);
    expect(mayRecall(pending({}), 1_000_001)).toBe(false);
  });
});

it('copies words, and the plain text of a card', () => {
  expect(textOf(item(entry({ kind: 'text', body: { text: '你好' } })))).toBe('你好');
  expect(textOf(item(entry({ kind: 'card', body: { card: {} }, fallback: '[账单] 86.40 元' })))).toBe(
    '[账单] 86.40 元',
  );
  expect(textOf(item(entry({ kind: 'image', body: { file: 'f', width: 1, height: 1 } })))).toBeUndefined();
});
