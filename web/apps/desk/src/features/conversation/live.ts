import type { Me, Told } from '@yingda/api';
import type { Conversation, InboxView, Outgoing, OwnPresence, SyncState, ThreadView } from '@yingda/realtime';
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef, watch } from 'vue';
import { type Link, useConnect } from '../../outside.ts';
import { useToasts } from '../../parts/toast.ts';
import { usePreferences } from '../../preferences.ts';
import { useSession } from '../auth/session.ts';

/** Text of mine the server would not say to the customer; it has kept it as my draft. */
export interface Returned {
  text: string;
  /** `not_owner` or `conversation_closed`. */
  code: string;
  owner?: string;
}

const emptyInbox: InboxView = { conversations: [], truncated: false, loaded: false };

/** The live connection as something to draw from: what the link tells, kept reactive. It outlives every page of the desk. */
export const useLive = defineStore('live', () => {
  const connect = useConnect();
  const preferences = usePreferences();
  const session = useSession();
  const toasts = useToasts();

  const sync = shallowRef<SyncState>({ phase: 'connecting', provenAt: 0 });
  const inbox = shallowRef<InboxView>(emptyInbox);
  const presence = shallowRef<OwnPresence>();
  const outgoing = shallowRef<readonly Outgoing[]>([]);
  const threads = shallowReactive(new Map<string, ThreadView>());
  const returned = shallowReactive(new Map<string, Returned>());
  /** Server time. It stands still while disconnected: a clock that runs on would raise false alarms. */
  const now = ref(Date.now());

  let link: Link | undefined;
  let unhear: (() => void)[] = [];
  let timer: ReturnType<typeof setInterval> | undefined;
  const startedBy = ref<string>();

  const started = computed(() => startedBy.value !== undefined);
  const online = computed(() => sync.value.phase === 'online');

  /** Reactive by the inbox, which the link tells anew whenever any conversation it knows has changed. */
  function conversation(id: string): Conversation | undefined {
    return inbox.value && link?.conversation(id);
  }

  /** Takes conversations as calls answer them. docs/openapi.json knows less of `why` and `last.role` than docs/protocol.md does. */
  function adopt(...conversations: (Told | Conversation)[]) {
    for (const one of conversations) link?.adopt(one as Conversation);
  }

  async function start(me: Me) {
    if (startedBy.value === me.id) return;
    stop('replaced');
    startedBy.value = me.id;
    link = connect(me, preferences.locale);
    listen(link);
    timer = setInterval(tick, 1000);
    document.addEventListener('visibilitychange', tellVisible);
    await link.start();
    outgoing.value = link.outgoing();
    tellVisible();
  }

  function listen(source: Link) {
    sync.value = source.sync;
    inbox.value = source.inbox();
    const hear: Link['on'] = (type, listener) => {
      const off = source.on(type, listener);
      unhear.push(off);
      return off;
    };
    hear('sync', (state) => {
      sync.value = state;
      tick();
      if (state.phase === 'stopped' && state.reason) session.stopped(state.reason);
    });
    hear('inbox', (view) => {
      inbox.value = view;
    });
    hear('presence', (own) => {
      presence.value = own;
    });
    hear('thread', ({ conversation: id }) => {
      threads.set(id, source.thread(id));
      outgoing.value = source.outgoing();
    });
    hear('acked', () => {
      outgoing.value = source.outgoing();
    });
    hear('refused', (refusal) => {
      const { outgoing: mine, details, code } = refusal;
      if (!mine) {
        toasts.show(refusal.message, 'danger');
        if (presence.value) presence.value = { ...presence.value }; // a wish that was refused is taken back on screen
        return;
      }
      if (details?.draft !== true || mine.content.kind !== 'text') return; // stays in the thread, to be sent again or deleted
      const owner = typeof details.owner === 'string' ? details.owner : undefined;
      const before = returned.get(mine.conversation);
      const text = before ? `${before.text}\n${mine.content.body.text}` : mine.content.body.text;
      returned.set(mine.conversation, { text, code, owner });
      source.discard(mine.clientId);
    });
  }

  function tick() {
    if (link && online.value) now.value = Date.now() + link.skew;
  }

  function tellVisible() {
    link?.presence({ visible: document.visibilityState === 'visible' });
    tick();
  }

  function stop(reason = 'logout') {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tellVisible);
    // What it says of its own stop is no news.
    for (const off of unhear) off();
    unhear = [];
    link?.stop(reason);
    link = undefined;
    startedBy.value = undefined;
    threads.clear();
    returned.clear();
    inbox.value = emptyInbox;
    presence.value = undefined;
    outgoing.value = [];
  }

  function linked(): Link {
    if (!link) throw new Error('the live connection is used before it was started');
    return link;
  }

  async function open(id: string) {
    const source = linked();
    threads.set(id, source.thread(id));
    await source.open(id);
    threads.set(id, source.thread(id));
  }

  watch(
    () => session.me,
    (me) => {
      if (!me) stop();
    },
  );

  function accepting(on: boolean) {
    linked().presence({ accepting: on });
  }

  /** An editor loses the focus also because the session, and with it the link, has ended: nothing to tell then. */
  function typing(id: string, on: boolean) {
    link?.typing(id, on);
  }

  return {
    sync,
    inbox,
    presence,
    outgoing,
    threads,
    returned,
    now,
    online,
    started,
    conversation,
    adopt,
    start,
    stop,
    open,
    accepting,
    typing,
    linked,
  };
});
