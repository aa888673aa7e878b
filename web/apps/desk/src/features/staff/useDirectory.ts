import { answer, type Branch, type Group, type Role } from '@yingda/api';
import { shallowRef } from 'vue';
import { useApi } from '../../outside.ts';

/** Roles, groups and branches, for forms that choose among them. */
export function useDirectory() {
  const api = useApi();
  const roles = shallowRef<readonly Role[]>([]);
  const groups = shallowRef<readonly Group[]>([]);
  const branches = shallowRef<readonly Branch[]>([]);

  async function load() {
    const [r, g, b] = await Promise.all([
      answer(api.GET('/api/v1/staff/roles')),
      answer(api.GET('/api/v1/staff/groups')),
      answer(api.GET('/api/v1/staff/branches')),
    ]);
    roles.value = r.items;
    groups.value = g.items;
    branches.value = b.items;
  }
  return { roles, groups, branches, load };
}
