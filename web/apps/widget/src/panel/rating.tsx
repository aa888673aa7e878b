import { useEffect, useState } from 'preact/hooks';
import { usePanel, useTry } from './context.ts';
import { useKept } from './kept.ts';
import { parts, useLater, useOpen } from './later.ts';

interface Opinion {
  readonly stars: number;
  readonly is_resolved?: boolean;
  readonly reasons: readonly string[];
  readonly comment?: string;
}
/** What the server says of the rating of a conversation. */
export interface Sheet {
  readonly rating?: Opinion;
  readonly is_open: boolean;
  readonly is_asked: boolean;
  readonly agent?: string;
  readonly reasons: { readonly good: readonly string[]; readonly poor: readonly string[] };
}
export interface Rating {
  readonly sheet?: Sheet;
  /** The form stands in the place of the conversation. */
  readonly isShown: boolean;
  readonly show: () => void;
  readonly skip: () => void;
  readonly give: (opinion: Opinion) => void;
}

/** The rating of the conversation that is shown; asked for when it has ended or an agent asks. `gently`: the form never opens by itself. */
export function useRating(isDue: boolean, gently: boolean): Rating {
  const { session, store } = usePanel();
  const attempt = useTry();
  const open = useOpen();
  const form = useLater(parts.ratingForm, isDue);
  const { client, current: id = '', site, isUnborn } = session;
  const [held, hold] = useState<{ readonly id: string; readonly sheet: Sheet }>();
  const [wanted, want] = useState('');
  const [skipped, keepSkipped] = useKept(store, `yd:${site.key}:unrated`);
  const path = `/api/v1/conversation/${encodeURIComponent(id)}/rating`;
  const isOnline = client.sync.phase === 'online';
  useEffect(() => {
    if (!isDue || !isOnline || isUnborn) return;
    let isGone = false;
    client.call<Sheet>('GET', path).then(
      (sheet) => isGone || hold({ id, sheet }),
      () => {}, // no rating is offered then; the next time online asks again
    );
    return () => {
      isGone = true;
    };
  }, [id, isDue, isOnline]);
  const sheet = held?.id === id && isDue ? held.sheet : undefined;
  const opensItself = !gently && !session.isActive && sheet?.is_asked === true && skipped !== id;
  return {
    sheet,
    // Without the form the conversation stays where it is.
    isShown: form !== undefined && sheet?.is_open === true && (wanted === id || opensItself),
    show: () => open(parts.ratingForm, () => want(id)),
    skip: () => {
      keepSkipped(id);
      want('');
    },
    give: (opinion) =>
      attempt(async () => {
        hold({ id, sheet: await client.call<Sheet>('PUT', path, opinion) });
        want('');
      }),
  };
}

/** The way to the form, or back to it: what was said, as long as it can be changed. */
export function RatingLine({ rating: { sheet, show } }: { rating: Rating }) {
  const { words } = usePanel();
  if (!sheet || (!sheet.is_open && !sheet.rating)) return null;
  return (
    <div class="rated">
      {sheet.rating && (
        <p>
          {words.rate.yours}
          <span role="img" aria-label={words.rate.grades[sheet.rating.stars - 1]}>
            {'★'.repeat(sheet.rating.stars)}
          </span>
        </p>
      )}
      {sheet.is_open && (
        <button type="button" class="button" onClick={show}>
          {sheet.rating ? words.rate.again : words.rate.open}
        </button>
      )}
    </div>
  );
}
