import { ApiError } from '@yingda/api';
import { CallError } from '@yingda/realtime';
import { clockTime, dayName, fullTime, relativeTime } from '@yingda/ui';
import { useI18n } from 'vue-i18n';

/** Errors and times in the reader's language. */
export function useWords() {
  const { t, te, locale } = useI18n();

  /** What the server says in the reader's language, else our own words for it. */
  function problem(error: unknown): string {
    if (error instanceof ApiError && error.title) return error.title;
    if (error instanceof ApiError || error instanceof CallError) {
      return error.code === 'network' ? t('app.error.network') : t('app.error.unknown', { code: error.code });
    }
    throw error; // not an answer of the server: a fault of the desk itself, which must be seen
  }

  return {
    problem,
    known: te,
    time: (at: number) => clockTime(at, locale.value),
    full: (at: number) => fullTime(at, locale.value),
    day: (at: number, now: number) => dayName(at, now, locale.value),
    ago: (at: number, now: number) => relativeTime(at, now, locale.value),
  };
}
