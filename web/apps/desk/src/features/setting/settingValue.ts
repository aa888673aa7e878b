/** How a value is typed. The server names no types: the default shows what a value looks like, and the server judges what is sent. */
export type Kind = 'bool' | 'number' | 'text' | 'json';

export function kindOf(usual: unknown): Kind {
  if (typeof usual === 'boolean') return 'bool';
  if (typeof usual === 'number') return 'number';
  return typeof usual === 'string' ? 'text' : 'json';
}

export function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was typed, as a value; undefined when it is none of its kind. */
export function read(kind: Exclude<Kind, 'bool'>, text: string): unknown {
  if (kind === 'text') return text;
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
