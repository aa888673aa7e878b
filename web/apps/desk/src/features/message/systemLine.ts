import type { Entry } from '@yingda/realtime';

interface Words {
  t: (key: string, named: Record<string, unknown>) => string;
  te: (key: string) => boolean;
}

/** A system entry in the reader's language; a code this build does not know shows the server's own words. */
export function systemLine(entry: Entry & { kind: 'system' }, { t, te }: Words): string {
  const code = entry.body?.code;
  if (!code) return entry.fallback;
  const params = entry.body?.params ?? {};
  const base = `message.system.${code}`;
  // `reason` is one of a few words; `by` is "customer" or a person's name.
  const variant = variantOf(code, params);
  const key = [`${base}.${String(variant)}`, `${base}.other`, base].find(te);
  if (!key) return entry.fallback;
  return t(key, { ...params, group: nameOf(params.group) });
}

function variantOf(code: string, params: Record<string, unknown>): unknown {
  if (code === 'transferred') return params.to ? 'colleague' : 'group';
  if (code === 'rated') return params.is_low ? 'low' : 'other';
  return params.reason ?? (params.by === 'customer' ? 'customer' : 'other');
}

function nameOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name);
  return typeof value === 'string' ? value : '';
}
