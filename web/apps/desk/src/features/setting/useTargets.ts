import { answer, type Named, type ScopeKind } from '@yingda/api';
import { shallowReactive } from 'vue';
import { useApi } from '../../outside.ts';
import { useSession } from '../auth/session.ts';

/** What an exception can be made for. */
export type TargetKind = Exclude<ScopeKind, 'operator'>;

/** Branches, sites and skill groups by name, as far as the reader may see them; others keep their id. */
export function useTargets() {
  const api = useApi();
  const session = useSession();
  const targets = shallowReactive<Partial<Record<TargetKind, readonly Named[]>>>({});
  const sources = {
    branch: { right: 'staff.view', load: () => answer(api.GET('/api/v1/staff/branches')) },
    group: { right: 'staff.view', load: () => answer(api.GET('/api/v1/staff/groups')) },
    site: { right: 'site.manage', load: () => answer(api.GET('/api/v1/channel/sites')) },
  };

  async function load(kinds: Iterable<ScopeKind>) {
    const wanted = [...new Set(kinds)].filter((kind) => kind !== 'operator');
    await Promise.all(
      wanted.map(async (kind) => {
        const { right, load: fetch } = sources[kind];
        if (session.can(right)) targets[kind] = (await fetch()).items;
      }),
    );
  }
  const nameOf = (kind: ScopeKind, id?: string) =>
    kind === 'operator' ? undefined : (targets[kind]?.find((target) => target.id === id)?.name ?? id);

  return { targets, load, nameOf };
}
