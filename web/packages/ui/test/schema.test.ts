// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCard } from '../src/index.ts';

interface Definition {
  required?: string[];
  properties?: { type?: { const?: string } };
}
const schema = JSON.parse(readFileSync(new URL('../../../../docs/card.schema.json', import.meta.url), 'utf8')) as {
  oneOf: { $ref: string }[];
  $defs: Record<string, Definition>;
};
const EXAMPLES: Record<string, Record<string, unknown>> = {
  choice: { prompt: '哪一种？', options: [{ label: '甲' }] },
  form: { title: '报装', fields: [{ name: 'address', label: '地址' }] },
  article: { title: '漫游', summary: '资费' },
  product: { name: '畅联 99', price_fen: 9_900, period: 'month', features: ['80 GB'] },
  order: { number: 'XQ1', title: '上门维修', status: '已派单' },
  bill: { title: '十月', total_fen: 1, items: [{ name: '月费', amount_fen: 1 }] },
  consent: { title: '开通', text: '按天收费', agree: '同意', decline: '不' },
  queue: { ahead: 3 },
};

describe('docs/card.schema.json and parseCard', () => {
  it('know the same cards', () => {
    expect(schema.oneOf.map(({ $ref }) => $ref.replace('#/$defs/', ''))).toEqual(Object.keys(EXAMPLES));
  });

  it.each(Object.entries(EXAMPLES))('require the same of %s', (type, example) => {
    const whole = { type, ...example };
    expect(parseCard(whole)).toBeDefined();
    const definition = schema.$defs[type];
    expect(definition?.properties?.type?.const).toBe(type);
    expect(definition?.required?.toSorted()).toEqual(Object.keys(whole).toSorted());
    for (const field of definition?.required ?? []) {
      expect(parseCard({ ...whole, [field]: undefined }), `without ${field}`).toBeUndefined();
    }
  });
});
