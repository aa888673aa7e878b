export interface Change {
  field: string;
  before?: string;
  after?: string;
}

/** Told of every record, and of no interest in any. */
const noise = new Set(['id', 'rev', 'created_at']);

/** What a record changed, field by field. What stayed as it was is left out; so is what a new thing simply does not have. */
export function changes(before: unknown, after: unknown): Change[] {
  if (!isRecord(before ?? {}) || !isRecord(after ?? {}))
    return [{ field: '', before: plain(before), after: plain(after) }];
  const [old, now] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !noise.has(field))
    .map((field) => ({ field, before: plain(old[field]), after: plain(now[field]) }))
    .filter((change) => change.before !== change.after);
}

function plain(value: unknown): string | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
