import { check, star } from '@yingda/ui/icons';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePanel, useTry } from './context.ts';
import { Icon } from './icon.tsx';
import { useKept } from './kept.ts';

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

/** From so many stars on, the good reasons are offered. */
const GOOD_FROM = 4;
const STARS = [1, 2, 3, 4, 5] as const;

/** The rating of the conversation that is shown; asked for when it has ended or an agent asks. `gently`: the form never opens by itself. */
export function useRating(isDue: boolean, gently: boolean): Rating {
  const { session, store } = usePanel();
  const attempt = useTry();
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
    isShown: sheet?.is_open === true && (wanted === id || opensItself),
    show: () => want(id),
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

/** Stars, whether it was solved, reasons and words on one screen. */
export function RatingForm({ rating: { sheet, give, skip } }: { rating: Rating }) {
  const { session, words } = usePanel();
  const given = sheet?.rating;
  const [stars, setStars] = useState(given?.stars ?? 0);
  const [isResolved, setResolved] = useState(given?.is_resolved);
  const [reasons, setReasons] = useState<readonly string[]>(given?.reasons ?? []);
  const [comment, setComment] = useState(given?.comment ?? '');
  const heading = useRef<HTMLHeadingElement>(null);
  // The editor that had the focus is gone; it must not fall to the body.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  const isGood = stars >= GOOD_FROM;
  const offered = (isGood ? sheet?.reasons.good : sheet?.reasons.poor) ?? [];
  const chosen = reasons.filter((reason) => offered.includes(reason));
  const toggle = (reason: string) =>
    setReasons(chosen.includes(reason) ? chosen.filter((other) => other !== reason) : [...chosen, reason]);
  const submit = (event: Event) => {
    event.preventDefault();
    give({ stars, is_resolved: isResolved, reasons: chosen, comment: comment.trim() || undefined });
  };
  return (
    <form class="rate" onSubmit={submit}>
      <main class="body">
        <h2 ref={heading} tabIndex={-1}>
          {words.rate.title(sheet?.agent ?? '')}
        </h2>
        <p class="hint">{words.rate.change}</p>
        <div class="pair">
          {[true, false].map((solved) => (
            <button
              type="button"
              key={String(solved)}
              class="button choice"
              aria-pressed={isResolved === solved}
              onClick={() => setResolved(isResolved === solved ? undefined : solved)}
            >
              {isResolved === solved && <Icon of={check} />}
              {solved ? words.rate.solved : words.rate.unsolved}
            </button>
          ))}
        </div>
        <fieldset class="stars">
          <legend class="yd-vh">{words.rate.stars}</legend>
          {STARS.map((n) => (
            <label key={n} class={n <= stars ? 'on' : ''}>
              <input type="radio" name="stars" class="yd-vh" checked={n === stars} onChange={() => setStars(n)} />
              <Icon of={star} size={32} />
              <span class="yd-vh">{words.rate.grades[n - 1]}</span>
            </label>
          ))}
        </fieldset>
        <p class="grade" aria-hidden="true">
          {stars > 0 ? words.rate.grades[stars - 1] : words.rate.choose}
        </p>
        {stars > 0 && offered.length > 0 && (
          <fieldset class="chips">
            <legend>{isGood ? words.rate.whyGood : words.rate.whyPoor}</legend>
            {offered.map((reason) => (
              <button
                type="button"
                key={reason}
                class="button choice"
                aria-pressed={chosen.includes(reason)}
                onClick={() => toggle(reason)}
              >
                {words.rate.reasons[reason as keyof typeof words.rate.reasons] ?? reason}
              </button>
            ))}
          </fieldset>
        )}
        <textarea
          rows={3}
          maxLength={500}
          aria-label={words.rate.comment}
          placeholder={words.rate.comment}
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
      </main>
      <footer class="dock">
        <button type="button" class="link" onClick={skip}>
          {words.rate.skip}
        </button>
        <button
          type="submit"
          class="button primary big"
          disabled={stars === 0 || session.client.sync.phase !== 'online'}
        >
          {words.rate.submit}
        </button>
      </footer>
    </form>
  );
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
