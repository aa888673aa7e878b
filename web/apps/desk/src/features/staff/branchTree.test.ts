import { describe, expect, it } from 'vitest';
import { branchTree, possibleParents } from './branchTree.ts';

const branches = [
  { id: 'zj', name: '浙江' },
  { id: 'js', name: '江苏' },
  { id: 'hz', name: '杭州', parent: 'zj' },
  { id: 'xh', name: '西湖', parent: 'hz' },
  { id: 'far', name: '远方', parent: 'hidden' },
];

describe('branches', () => {
  it('stand below their parents', () => {
    expect(branchTree(branches).map(({ branch, depth }) => `${depth}${branch.name}`)).toEqual([
      '0浙江',
      '1杭州',
      '2西湖',
      '0江苏',
      '0远方',
    ]);
  });
  it('cannot hang below themselves or what is below them', () => {
    expect(possibleParents(branches, 'zj').map(({ branch }) => branch.id)).toEqual(['js', 'far']);
    expect(possibleParents(branches, 'hz').map(({ branch }) => branch.id)).toEqual(['zj', 'js', 'far']);
    expect(possibleParents(branches)).toHaveLength(5);
  });
});
