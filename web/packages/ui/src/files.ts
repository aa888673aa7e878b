/** What the operator lets people send: the answer of `GET /api/v1/file/rules`. */
export interface FileRules {
  readonly image_mb: number;
  readonly document_mb: number;
  readonly types: readonly { readonly ending: string; readonly media_type: string }[];
}

/** Images are shown in the thread; whatever else is allowed is a file to be saved. */
export const IMAGE_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** What the choice of files offers. Without rules, because they have not come yet, everything: the server judges in the end. */
export function acceptOf(rules: FileRules | undefined): string | undefined {
  return rules && [...IMAGE_TYPES, ...rules.types.map(({ ending }) => `.${ending}`)].join();
}

/** Why this file would be refused, said before it is sent. `most` in MiB. */
export type Unfit = { readonly why: 'type' | 'empty' } | { readonly why: 'large'; readonly most: number };

export function unfit(
  file: { readonly name?: string; readonly type: string; readonly size: number },
  rules: FileRules | undefined,
): Unfit | undefined {
  if (file.size === 0) return { why: 'empty' };
  const isImage = IMAGE_TYPES.includes(file.type);
  if (!isImage && (!file.name || file.type.startsWith('image/'))) return { why: 'type' };
  if (!rules) return undefined;
  const ending = file.name?.split('.').at(-1)?.toLowerCase();
  if (!isImage && !rules.types.some((type) => type.ending === ending)) return { why: 'type' };
  const most = isImage ? rules.image_mb : rules.document_mb;
  return file.size > most * 1024 * 1024 ? { why: 'large', most } : undefined;
}
