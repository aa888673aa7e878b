import type { AuditRow } from '@yingda/api';

export const periods = ['any', 'today', 'week', 'month', 'own'] as const;

/** What is typed and chosen above the log. */
export interface Filter {
  period: (typeof periods)[number];
  /** Days as date fields write them, of `own`. */
  from: string;
  to: string;
  /** Whose records only. */
  actor?: { id: string; kind: string; name: string };
  action: string;
  object: string;
  objectId: string;
  address: string;
  result: '' | AuditRow['result'];
}

/** The same as the server asks for it; what is not asked is left out. */
export interface Wanted {
  from?: number;
  to?: number;
  actor?: string;
  actor_kind?: string;
  action?: string;
  object?: string;
  object_id?: string;
  address?: string;
  result?: AuditRow['result'];
}

const DAY = 86_400_000;

export const everything = (): Filter => ({
  period: 'any',
  from: '',
  to: '',
  action: '',
  object: '',
  objectId: '',
  address: '',
  result: '',
});

/** Days begin at midnight where the reader is. */
export function wanted(filter: Filter, now: number): Wanted {
  const said = (text: string) => text.trim() || undefined;
  // A program or a visitor has no account to be looked for.
  const isStaff = filter.actor?.kind === 'staff';
  return Object.fromEntries(
    Object.entries({
      ...span(filter, now),
      actor: isStaff ? filter.actor?.id : undefined,
      actor_kind: isStaff ? undefined : filter.actor?.kind,
      action: said(filter.action),
      object: said(filter.object),
      object_id: said(filter.objectId),
      address: said(filter.address),
      result: filter.result || undefined,
    }).filter(([, value]) => value !== undefined),
  );
}

function span({ period, from, to }: Filter, now: number): { from?: number; to?: number } {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  switch (period) {
    case 'any':
      return {};
    case 'today':
      return { from: midnight };
    case 'week':
      return { from: midnight - 6 * DAY };
    case 'month':
      return { from: midnight - 29 * DAY };
    case 'own': {
      const day = (text: string) => (text ? new Date(`${text}T00:00`) : undefined);
      const end = day(to);
      // The day is meant whole. Not a number of hours: some days have 23.
      end?.setDate(end.getDate() + 1);
      return { from: day(from)?.getTime(), to: end && end.getTime() - 1 };
    }
  }
}

/** How many questions stand in the part that is folded away. */
export const hidden = (filter: Filter) =>
  [filter.object, filter.objectId, filter.address].filter((text) => text.trim()).length;
