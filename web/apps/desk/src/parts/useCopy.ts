import { useI18n } from 'vue-i18n';
import { useToasts } from './toast.ts';

export interface Told {
  text: string;
  tone: 'success' | 'danger';
}

/**
 * Puts words on the clipboard and says whether they are there. A page without a secure origin has no clipboard, and a browser may refuse it:
 * then `refused` tells what to do instead. A dialog says it itself (`tell`): toasts lie behind it, and nobody hears them there.
 */
export function useCopy(tell?: (told: Told) => void, refused?: () => string) {
  const { t } = useI18n();
  const toasts = useToasts();
  const say = tell ?? (({ text, tone }: Told) => toasts.show(text, tone));

  return async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return say({ text: refused?.() ?? t('app.notCopied'), tone: 'danger' });
    }
    say({ text: t('app.copied'), tone: 'success' });
  };
}
