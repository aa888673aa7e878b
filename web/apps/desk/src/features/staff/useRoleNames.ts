import type { Role } from '@yingda/api';
import { useI18n } from 'vue-i18n';

/** Built-in roles carry a key for a name; others the name people gave them. */
export function useRoleNames() {
  const { t, te } = useI18n();
  function roleName(role: Role): string {
    const key = `staff.builtin.${role.name}`;
    return role.is_builtin && te(key) ? t(key) : role.name;
  }
  return { roleName };
}
