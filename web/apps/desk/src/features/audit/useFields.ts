import type { AuditRow } from '@yingda/api';
import { useI18n } from 'vue-i18n';

/** What stands in records, in words. Fields without any keep the name they have in the program: better than nothing said. */
export function useFields() {
  const { t, te } = useI18n();
  return {
    name: (field: string) => (te(`audit.field.${field}`) ? t(`audit.field.${field}`) : field),
    value: (value: string) => (value === 'true' || value === 'false' ? t(`audit.value.${value}`) : value),
    actor: ({ actor, is_erased }: AuditRow) => {
      if (actor.kind === 'staff') return actor.name || (is_erased ? t('audit.erasedActor') : actor.id);
      return te(`audit.actor.${actor.kind}`) ? t(`audit.actor.${actor.kind}`) : actor.kind;
    },
    method: (method: string) => (te(`audit.method.${method}`) ? t(`audit.method.${method}`) : method),
  };
}
