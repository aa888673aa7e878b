import type { Branch } from '@yingda/api';

export interface Twig {
  branch: Branch;
  depth: number;
}

/** Branches as one reads a tree from top to bottom. One whose parent is not visible stands at the top. */
export function branchTree(branches: readonly Branch[]): Twig[] {
  const known = new Set(branches.map(({ id }) => id));
  const above = (branch: Branch) => (branch.parent && known.has(branch.parent) ? branch.parent : '');
  const walk = (parent: string, depth: number): Twig[] =>
    branches
      .filter((branch) => above(branch) === parent)
      .flatMap((branch) => [{ branch, depth }, ...walk(branch.id, depth + 1)]);
  return walk('', 0);
}

/** A branch cannot hang below itself: these are the ones it may have as parent. */
export function possibleParents(branches: readonly Branch[], of?: string): Twig[] {
  const tree = branchTree(branches);
  const at = tree.findIndex(({ branch }) => branch.id === of);
  if (at < 0) return tree;
  const depth = tree[at]?.depth ?? 0;
  const end = tree.findIndex((twig, n) => n > at && twig.depth <= depth);
  return [...tree.slice(0, at), ...(end < 0 ? [] : tree.slice(end))];
}
