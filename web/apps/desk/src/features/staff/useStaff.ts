import { answer, type Staff, type StaffChange } from '@yingda/api';
import { useI18n } from 'vue-i18n';
import { useApi } from '../../outside.ts';
import { useToasts } from '../../parts/toast.ts';
import { useWords } from '../../parts/useWords.ts';

/** What a form wishes an account to be, all of it but its rights. */
export type StaffWish = Required<Omit<StaffChange, 'rev' | 'branch'>> & { branch?: string };

/** Shown once, kept nowhere. */
export interface Secret {
  name: string;
  login: string;
  password: string;
}

export function wishOf(staff: Staff): StaffWish {
  return {
    name: staff.name,
    branch: staff.branch,
    groups: staff.groups,
    max_conversations: staff.max_conversations,
    is_active: staff.is_active,
  };
}

/** What an administrator does with an account from the list. */
export function useStaff({
  onChange,
  onSecret,
}: {
  onChange: () => Promise<void>;
  onSecret: (secret: Secret) => void;
}) {
  const api = useApi();
  const toasts = useToasts();
  const words = useWords();
  const { t } = useI18n();

  async function attempt(action: () => Promise<void>, done?: string) {
    try {
      await action();
      if (done) toasts.show(done, 'success');
    } catch (error) {
      toasts.show(words.problem(error), 'danger');
    }
    await onChange();
  }

  const endSessions = (staff: Staff) =>
    attempt(
      async () => {
        await answer(api.DELETE('/api/v1/staff/{id}/sessions', { params: { path: { id: staff.id } } }));
      },
      t('staff.act.ended', { name: staff.name }),
    );

  const reset = (staff: Staff) =>
    attempt(async () => {
      const { secret } = await answer(api.POST('/api/v1/staff/{id}/password', { params: { path: { id: staff.id } } }));
      onSecret({ name: staff.name, login: staff.login ?? '', password: secret ?? '' });
    });

  const setActive = (staff: Staff, active: boolean) =>
    attempt(
      async () => {
        await answer(
          api.PATCH('/api/v1/staff/{id}', {
            params: { path: { id: staff.id } },
            body: { is_active: active, rev: staff.rev },
          }),
        );
      },
      t(active ? 'staff.act.activated' : 'staff.act.deactivated', { name: staff.name }),
    );

  return { endSessions, reset, setActive };
}
