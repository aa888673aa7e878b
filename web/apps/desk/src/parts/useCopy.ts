import { nextTick } from 'vue';
import { useI18n } from 'vue-i18n';
import { useToasts } from './toast.ts';

export interface Told {
  text: string;
  tone: 'success' | 'danger';
}

/**
 * Puts words on the clipboard and says whether they are there. A page without a secure origin has no clipboard, and a browser may refuse it:
 * then `refused` tells what to do instead. A dialog says it itself (`tell`): toasts lie behind it, and nobody hears them there.
 * Its line is emptied first (`undefined`): the same words put in the place of themselves are not read aloud again.
 */
export function useCopy(tell?: (told: Told | undefined) => void, refused?: () => string) {
  const { t } = useI18n();
  const toasts = useToasts();
  const say = tell ?? (({ text, tone }: Told) => toasts.show(text, tone));

  return async (text: string) => {
    tell?.(undefined);
    let told: Told = { text: t('app.copied'), tone: 'success' };
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      told = { text: refused?.() ?? t('app.notCopied'), tone: 'danger' };
    }
    await nextTick(); // the empty line has stood in the page
    say(told);
  };
}
