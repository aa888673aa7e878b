/**
 * Cards, as docs/card.schema.json publishes them. `parseCard` is the one gate: what comes out is plain text, numbers and https links,
 * so a renderer that only creates text nodes cannot be misused. Anything else gives undefined, and the entry's `fallback` is shown.
 */
export interface Row {
  label: string;
  value: string;
}
export type Card =
  | { type: 'choice'; prompt: string; options: { label: string; text: string }[] }
  | { type: 'form'; title: string; fields: { name: string; label: string; value?: string; required: boolean }[] }
  | { type: 'article'; title: string; summary: string; url?: string; source?: string }
  | { type: 'product'; name: string; price_fen: number; period: 'month' | 'once'; features: string[]; url?: string }
  | { type: 'order'; number: string; title: string; status: string; rows: Row[] }
  | {
      type: 'bill';
      title: string;
      total_fen: number;
      items: { name: string; amount_fen: number; change_fen?: number }[];
    }
  | { type: 'consent'; title: string; text: string; agree: string; decline: string }
  | { type: 'queue'; ahead: number; wait_min?: number; wait_max?: number };

type Unknown = Record<string, unknown>;
const LIMIT = 4000;

class Refused extends Error {}
const refuse = (): never => {
  throw new Refused();
};
const object = (value: unknown): Unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unknown) : refuse();
const text = (value: unknown): string =>
  typeof value === 'string' && value.length > 0 && value.length <= LIMIT ? value : refuse();
const whole = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : refuse());
const maybe = <T>(value: unknown, read: (value: unknown) => T): T | undefined =>
  value === undefined ? undefined : read(value);
const list = <T>(value: unknown, most: number, read: (value: unknown) => T): T[] =>
  Array.isArray(value) && value.length <= most ? value.map(read) : refuse();
function link(value: unknown): string {
  const url = text(value);
  return URL.canParse(url) && new URL(url).protocol === 'https:' ? url : refuse();
}
const row = (value: unknown): Row => ({ label: text(object(value).label), value: text(object(value).value) });

function parse(card: Unknown): Card {
  switch (card.type) {
    case 'choice':
      return {
        type: 'choice',
        prompt: text(card.prompt),
        options: list(card.options, 12, (value) => {
          const option = object(value);
          const label = text(option.label);
          return { label, text: maybe(option.text, text) ?? label };
        }),
      };
    case 'form':
      return {
        type: 'form',
        title: text(card.title),
        fields: list(card.fields, 20, (value) => {
          const field = object(value);
          const { name, label, required } = field;
          return { name: text(name), label: text(label), value: maybe(field.value, text), required: required === true };
        }),
      };
    case 'article':
      return {
        type: 'article',
        title: text(card.title),
        summary: text(card.summary),
        url: maybe(card.url, link),
        source: maybe(card.source, text),
      };
    case 'product':
      return {
        type: 'product',
        name: text(card.name),
        price_fen: whole(card.price_fen),
        period: card.period === 'month' || card.period === 'once' ? card.period : refuse(),
        features: list(card.features, 8, text),
        url: maybe(card.url, link),
      };
    case 'order':
      return {
        type: 'order',
        number: text(card.number),
        title: text(card.title),
        status: text(card.status),
        rows: list(card.rows ?? [], 12, row),
      };
    case 'bill':
      return {
        type: 'bill',
        title: text(card.title),
        total_fen: whole(card.total_fen),
        items: list(card.items, 40, (value) => {
          const item = object(value);
          return {
            name: text(item.name),
            amount_fen: whole(item.amount_fen),
            change_fen: maybe(item.change_fen, whole),
          };
        }),
      };
    case 'consent':
      return {
        type: 'consent',
        title: text(card.title),
        text: text(card.text),
        agree: text(card.agree),
        decline: text(card.decline),
      };
    case 'queue':
      return {
        type: 'queue',
        ahead: whole(card.ahead),
        wait_min: maybe(card.wait_min, whole),
        wait_max: maybe(card.wait_max, whole),
      };
    default:
      return refuse();
  }
}

export function parseCard(card: unknown): Card | undefined {
  try {
    return parse(object(card));
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}
