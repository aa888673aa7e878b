import { onBeforeUnmount, onMounted, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRouter } from 'vue-router';
import { usePreferences } from '../../../preferences.ts';
import { useSession } from '../../auth/session.ts';
import { useLive } from '../live.ts';
import { type Alert, alertsBetween } from './signal.ts';
import { play, readySound } from './sound.ts';

const VOLUME = { off: 0, soft: 0.06, loud: 0.25 } as const;
const FLASH = 1_000;

/** Calls whoever sits at the desk: by ear, and while they look elsewhere by the title and, if they want it, by the system. */
export function useAlerts() {
  const { t } = useI18n();
  const router = useRouter();
  const live = useLive();
  const session = useSession();
  const preferences = usePreferences();
  let flashing: ReturnType<typeof setInterval> | undefined;
  let title = '';

  function calm() {
    if (flashing === undefined) return;
    clearInterval(flashing);
    flashing = undefined;
    document.title = title;
  }

  function flash(words: string) {
    if (flashing === undefined) title = document.title;
    clearInterval(flashing);
    document.title = words;
    flashing = setInterval(() => {
      document.title = document.title === words ? title : words;
    }, FLASH);
  }

  function notify({ signal, conversation }: Alert, words: string) {
    if (preferences.notify === 'off' || !('Notification' in window) || Notification.permission !== 'granted') return;
    // Others may look at this screen: the words of customers stay out unless their reader asked for them.
    const isFull = preferences.notify === 'full';
    const body = isFull ? `${conversation.customer.name}：${conversation.last?.text ?? ''}` : undefined;
    const note = new Notification(words, { body, tag: `${signal}${conversation.id}`, silent: true });
    note.onclick = () => {
      window.focus();
      note.close();
      void router.push({ name: 'conversation', params: { id: conversation.id } });
    };
  }

  function tell(alerts: Alert[]) {
    const [first] = alerts.sort((a, b) => (a.signal === b.signal ? 0 : a.signal === 'message' ? 1 : -1));
    if (!first) return;
    const isHere = document.hasFocus();
    // Words in the conversation that is being read are seen.
    if (isHere && first.signal === 'message' && router.currentRoute.value.params.id === first.conversation.id) return;
    play(first.signal, VOLUME[preferences.sound]);
    if (isHere) return;
    const words = t(`conversation.alert.${first.signal}`);
    flash(words);
    notify(first, words);
  }

  watch(
    () => ({ inbox: live.inbox, now: live.now }),
    (after, before) => {
      // The first inbox, and that after a break, is no news but the state of things.
      if (!before.inbox.loaded || !after.inbox.loaded) return;
      const time = { since: before.now, now: after.now };
      tell(alertsBetween(before.inbox.conversations, after.inbox.conversations, session.me?.id ?? '', time));
    },
  );
  onMounted(() => {
    readySound();
    addEventListener('focus', calm);
  });
  onBeforeUnmount(() => {
    removeEventListener('focus', calm);
    calm();
  });
}
