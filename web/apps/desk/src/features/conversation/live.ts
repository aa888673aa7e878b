import type { Me } from '@yingda/api';
import type { Conversation, InboxView, Outgoing, OwnPresence, SyncState, ThreadView } from '@yingda/realtime';
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef } from 'vue';
import { type Link, useConnect } from '../../outside.ts';
import { usePreferences } from '../../preferences.ts';
import { useSession } from '../auth/session.ts';

/** Text of mine the server would not take because the conversation had gone to somebody else. */
export interface Returned {
  text: string;
  owner?: string;
}

const emptyInbox: InboxView = { conversations: [], truncated: false, loaded: false };

/** The live connection as something to draw from: what the link tells, kept reactive. It outlives every page of the desk. */
export const useLive = defineStore('live', () => {
  const connect = useConnect();
  const preferences = usePreferences();
  const session = useSession();

  const sync = shallowRef<SyncState>({ phase: 'connecting', provenAt: 0 });
  const inbox = shallowRef<InboxView>(emptyInbox);
  const presence = shallowRef<OwnPresence>();
  const outgoing = shallowRef<readonly Outgoing[]>([]);
  const threads = shallowReactive(new Map<string, ThreadView>());
  /** Conversations fetched by a call; the inbox may know a newer copy. */
  const fetched = shallowReactive(new Map<string, Conversation>());
  const returned = shallowReactive(new Map<string, Returned>());
  /** Server time. It stands still while disconnected: a clock that runs on would raise false alarms. */
  const now = ref(Date.now());

  let link: Link | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const startedBy = ref<string>();

  const started = computed(() => startedBy.value !== undefined);
  const online = computed(() => sync.value.phase === 'online');
  const inboxById = computed(
    () => new Map(inbox.value.conversations.map((conversation) => [conversation.id, conversation])),
  );

  function conversation(id: string): Conversation | undefined {
    const [live, called] = [inboxById.value.get(id), fetched.get(id)];
    if (!live || !called) return live ?? called;
    return called.rev > live.rev ? called : live;
  }

  function adopt(...conversations: Conversation[]) {
    for (const one of conversations) {
      const held = fetched.get(one.id);
      if (!held || one.rev >= held.rev) fetched.set(one.id, one);
      link?.adopt(one);
    }
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
    source.on('sync', (state) => {
      sync.value = state;
      tick();
      if (state.phase === 'stopped' && state.reason) session.end(state.reason);
    });
    source.on('inbox', (view) => {
      inbox.value = view;
    });
    source.on('presence', (own) => {
      presence.value = own;
    });
    source.on('thread', ({ conversation: id }) => {
      threads.set(id, source.thread(id));
      outgoing.value = source.outgoing();
    });
    source.on('acked', () => {
      outgoing.value = source.outgoing();
    });
    source.on('refused', (refusal) => {
      const { outgoing: mine, details } = refusal;
      if (refusal.code !== 'not_owner' || mine?.content.kind !== 'text') return;
      const owner = typeof details?.owner === 'string' ? details.owner : undefined;
      const before = returned.get(mine.conversation);
      const text = before ? `${before.text}\n${mine.content.body.text}` : mine.content.body.text;
      returned.set(mine.conversation, { text, owner });
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
    link?.stop(reason);
    link = undefined;
    startedBy.value = undefined;
    threads.clear();
    fetched.clear();
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

  function accepting(on: boolean) {
    linked().presence({ accepting: on });
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
    linked,
  };
});
