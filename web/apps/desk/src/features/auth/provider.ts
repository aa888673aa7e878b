import { ApiError, answer } from '@yingda/api';
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { useApi } from '../../outside.ts';
import { useSession } from './session.ts';

type Purpose = 'login' | 'step_up' | 'link';
/** What the window in which somebody proves themself says to the desk. */
type Said = { refused?: string };

const CHANNEL = 'yingda-proof';
const NEXT = 'yingda-next';

/** The operator's own provider, at which people sign in instead of typing a password here. */
export const useProvider = defineStore('provider', () => {
  const api = useApi();
  const session = useSession();
  /** The name on the button; none where there is no provider. */
  const label = ref<string>();
  const passwords = ref(true);
  const signOut = ref<string>();

  /** Whoever cannot be told what there is gets the form for passwords. */
  async function ask() {
    const offer = await answer(api.GET('/api/v1/auth/oidc'));
    label.value = offer.label;
    passwords.value = offer.password;
    signOut.value = offer.sign_out;
  }

  async function begin(purpose: Purpose): Promise<string> {
    return (await answer(api.POST('/api/v1/auth/oidc/begin', { body: { for: purpose } }))).url;
  }

  /** Leaves the desk; comes back on the page `signed`, and from there to `next`. */
  async function go(purpose: 'login' | 'link', next = '/') {
    const url = await begin(purpose);
    sessionStorage.setItem(NEXT, next);
    location.assign(url);
  }

  /** In a window of its own, so that nothing of the desk is lost. Must be called while a click still counts. `false`: given up. */
  async function prove(isOver: Promise<unknown>): Promise<boolean> {
    const beside = open('about:blank', '_blank', 'popup,width=520,height=720');
    const channel = new BroadcastChannel(CHANNEL);
    try {
      const url = await begin('step_up');
      if (beside) beside.location.href = url;
      return await Promise.race([
        isOver.then(() => false),
        new Promise<boolean>((proven, failed) => {
          channel.onmessage = ({ data }: MessageEvent<Said>) =>
            data.refused === undefined ? proven(true) : failed(new ApiError(0, 'told_elsewhere', data.refused));
        }),
      ]);
    } catch (error) {
      beside?.close();
      throw error;
    } finally {
      channel.close();
    }
  }

  /** Tells the desk that waits for it. */
  function tell(said: Said) {
    const channel = new BroadcastChannel(CHANNEL);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin only
    channel.postMessage(said);
    channel.close();
  }

  /** Somebody came back. Answers the challenge, if a code is asked for. */
  async function finish(back: Record<string, string>): Promise<string | undefined> {
    const done = await answer(api.POST('/api/v1/auth/oidc/finish', { body: back }));
    if (done.for === 'login' && done.challenge === undefined) await session.entered();
    return done.challenge;
  }

  /** Where the person wanted to go. */
  function next(): string {
    const wanted = sessionStorage.getItem(NEXT) ?? '/';
    sessionStorage.removeItem(NEXT);
    return wanted;
  }
  return { label, passwords, signOut, ask, go, prove, tell, finish, next };
});

/** What they came back from: the beginning of the state says it, whatever else has become of it. */
export const purposeOf = (state: string | undefined): Purpose =>
  state?.startsWith('step_up.') ? 'step_up' : state?.startsWith('link.') ? 'link' : 'login';
