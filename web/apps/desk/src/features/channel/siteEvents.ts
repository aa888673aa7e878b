import type { SiteLogo } from '@yingda/api';

export interface ChangedField {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}
/** Grows with each change and says nothing of what changed. */
const SILENT = ['rev'];

/** What differs between two states of a site, as text; what is nested goes by its path. Of a list only what went and what came. */
export function changedFields(before: unknown, after: unknown): ChangedField[] {
  const [old, fresh] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((field) => !SILENT.includes(field) && (old.get(field) ?? '') !== (fresh.get(field) ?? ''))
    .map((field) => ({ field, ...difference(old.get(field) ?? '', fresh.get(field) ?? '') }));
}

function difference(before: string, after: string): Pick<ChangedField, 'before' | 'after'> {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  const gone = old.filter((line) => !fresh.includes(line)).join('\n');
  const come = fresh.filter((line) => !old.includes(line)).join('\n');
  // Only the order is another one: then all of it.
  return gone || come ? { before: gone, after: come } : { before, after };
}

/** A picture in a line: its size, and what tells it from others of that size. */
const pictured = ({ id, width, height }: SiteLogo) => `${width} × ${height} · ${id.slice(0, 6)}`;

function flat(value: unknown, path = '', all = new Map<string, string>()): Map<string, string> {
  if (path === 'logo') return all.set(path, pictured(value as SiteLogo));
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [name, part] of Object.entries(value)) flat(part, path ? `${path}.${name}` : name, all);
  else if (path && value !== undefined && value !== null)
    all.set(path, Array.isArray(value) ? value.join('\n') : String(value));
  return all;
}
