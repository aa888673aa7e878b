import { RATING_REASONS } from '@yingda/ui';
import { check, star } from '@yingda/ui/icons';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePanel } from '../context.ts';
import { Icon } from '../icon.tsx';
import { wear } from '../later.ts';
import type { Rating } from '../rating.tsx';
import style from './ratingForm.css?inline';
import { RATING_WORDS } from './ratingWords.ts';

wear(style);

/** From so many stars on, the good reasons are offered. */
const GOOD_FROM = 4;
const STARS = [1, 2, 3, 4, 5] as const;

/** Stars, whether it was solved, reasons and words on one screen. */
export function RatingForm({ rating: { sheet, give, skip } }: { rating: Rating }) {
  const { session, words, locale } = usePanel();
  const said = RATING_WORDS[locale];
  const named: Record<string, string> = RATING_REASONS[locale === 'en' ? 'en' : 'zh'];
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
          {said.title(sheet?.agent ?? '')}
        </h2>
        <p class="hint">{said.change}</p>
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
              {solved ? said.solved : said.unsolved}
            </button>
          ))}
        </div>
        <fieldset class="stars">
          <legend class="yd-vh">{said.stars}</legend>
          {STARS.map((n) => (
            <label key={n} class={n <= stars ? 'on' : ''}>
              <input type="radio" name="stars" class="yd-vh" checked={n === stars} onChange={() => setStars(n)} />
              <Icon of={star} size={32} />
              <span class="yd-vh">{words.rate.grades[n - 1]}</span>
            </label>
          ))}
        </fieldset>
        <p class="grade" aria-hidden="true">
          {stars > 0 ? words.rate.grades[stars - 1] : said.choose}
        </p>
        {stars > 0 && offered.length > 0 && (
          <fieldset class="chips">
            <legend>{isGood ? said.whyGood : said.whyPoor}</legend>
            {offered.map((reason) => (
              <button
                type="button"
                key={reason}
                class="button choice"
                aria-pressed={chosen.includes(reason)}
                onClick={() => toggle(reason)}
              >
                {named[reason] ?? reason}
              </button>
            ))}
          </fieldset>
        )}
        <textarea
          rows={3}
          maxLength={500}
          aria-label={said.comment}
          placeholder={said.comment}
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
      </main>
      <footer class="dock">
        <button type="button" class="link" onClick={skip}>
          {said.skip}
        </button>
        <button
          type="submit"
          class="button primary big"
          disabled={stars === 0 || session.client.sync.phase !== 'online'}
        >
          {said.submit}
        </button>
      </footer>
    </form>
  );
}
