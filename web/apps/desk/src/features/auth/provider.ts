import { answer } from '@yingda/api';
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
  /** What there is has been asked for once, with an answer or without. */
  const isAsked = ref(false);
  let beside: Window | null = null;

  /** Whoever cannot be told what there is gets the form for passwords. */
  async function ask() {
    try {
      const offer = await answer(api.GET('/api/v1/auth/oidc'));
      label.value = offer.label;
      passwords.value = offer.password;
      signOut.value = offer.sign_out;
    } finally {
      isAsked.value = true;
    }
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

  /**
   * In a window of its own, so that nothing of the desk is lost; a second one takes the place of the first. Must be
   * called while a click still counts. `false`: the browser blocked it. What comes of it is heard.
   */
  async function prove(): Promise<boolean> {
    const opened = open('about:blank', '_blank', 'popup,width=520,height=720');
    if (!opened) return false;
    beside?.close();
    beside = opened;
    try {
      opened.location.href = await begin('step_up');
      return true;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** Hears what the window says, until the function it answers is called. */
  function hear(heard: (said: Said) => void): () => void {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.refused !== undefined) beside?.close();
      heard(data);
    };
    return () => channel.close();
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
  return { label, passwords, signOut, isAsked, ask, go, prove, hear, tell, finish, next };
});

/** What they came back from: the beginning of the state says it, whatever else has become of it. */
export const purposeOf = (state: string | undefined): Purpose =>
  state?.startsWith('step_up.') ? 'step_up' : state?.startsWith('link.') ? 'link' : 'login';
