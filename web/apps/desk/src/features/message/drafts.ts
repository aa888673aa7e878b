import { ApiError, answer } from '@yingda/api';
import { defineStore } from 'pinia';
import { reactive, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { useSession } from '../auth/session.ts';
import { useLive } from '../conversation/live.ts';

export interface DraftState {
  text: string;
  /** What the server last confirmed, and the revision it gave; none before it was asked. */
  saved: string;
  rev?: number;
  /** These words are newer than the server's: they stay, whatever comes from there. */
  touched: boolean;
  /** `local` = only on this device, because the server cannot be reached. */
  state: 'clean' | 'saving' | 'local' | 'saved';
}

const restMs = 700;

/**
 * Half-written replies, kept on the server so that they follow their author to another desk.
 * Until the server has them they are also kept on this device. The one who is typing wins over an older copy.
 */
export const useDrafts = defineStore('drafts', () => {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  const drafts = reactive(new Map<string, DraftState>());
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const saving = new Set<string>();
  const asking = new Map<string, Promise<boolean>>();

  const place = (id: string) => `yingda.desk.draft.${session.me?.id}.${id}`;
  const dirty = (draft: DraftState) => draft.rev === undefined || draft.text !== draft.saved;

  function of(id: string): DraftState {
    let draft = drafts.get(id);
    if (!draft) {
      const kept = localStorage.getItem(place(id));
      const listed = live.conversation(id)?.draft ?? '';
      const touched = kept !== null;
      drafts.set(id, { text: kept ?? listed, saved: listed, touched, state: touched ? 'local' : 'clean' });
      draft = drafts.get(id)!;
    }
    return draft;
  }

  /** Asks the server what it has; unsaved words of this device are not touched. False: it cannot be asked, or has none for this one. */
  async function ask(id: string): Promise<boolean> {
    let stored: { text: string; rev: number };
    try {
      stored = await answer(api.GET('/api/v1/conversation/{id}/draft', { params: { path: { id } } }));
    } catch (error) {
      if (error instanceof ApiError) return false; // no right to a draft, or no network: writing goes on from what is here
      throw error;
    }
    const draft = of(id);
    if (stored.rev < (draft.rev ?? 0)) return true;
    draft.rev = stored.rev;
    draft.saved = stored.text;
    if (!draft.touched) draft.text = stored.text;
    return true;
  }
  /** As `ask`; whoever asks meanwhile waits for the same answer. */
  function learn(id: string): Promise<boolean> {
    let answered = asking.get(id);
    if (!answered) {
      answered = ask(id).finally(() => asking.delete(id));
      asking.set(id, answered);
    }
    return answered;
  }

  /** Brings the stored draft when a conversation is opened. */
  async function load(id: string) {
    of(id);
    if ((await learn(id)) && of(id).touched) await save(id);
  }

  function set(id: string, text: string) {
    const draft = of(id);
    draft.text = text;
    draft.touched = true;
    if (dirty(draft)) localStorage.setItem(place(id), text);
    clearTimeout(timers.get(id));
    timers.set(
      id,
      setTimeout(() => void save(id), restMs),
    );
  }

  /** Sent, or given up: gone here at once, and on the server without waiting for a pause. */
  function clear(id: string) {
    set(id, '');
    clearTimeout(timers.get(id));
    void save(id);
  }

  async function save(id: string): Promise<void> {
    const draft = of(id);
    if (!draft.touched || saving.has(id)) return;
    saving.add(id);
    draft.state = 'saving';
    try {
      // Whoever writes before the first answer came has no revision to write with.
      if (draft.rev === undefined && !(await learn(id))) {
        draft.state = 'local';
        return;
      }
      while (dirty(draft)) await put(id, draft);
      draft.touched = false;
      draft.state = draft.text === '' ? 'clean' : 'saved';
      localStorage.removeItem(place(id));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      draft.state = 'local'; // kept on this device; tried again when the connection is back or typing goes on
    } finally {
      saving.delete(id);
    }
  }

  async function put(id: string, draft: DraftState) {
    const { text } = draft;
    const body = { text, rev: (draft.rev ?? 0) + 1 };
    try {
      const stored = await answer(api.PUT('/api/v1/conversation/{id}/draft', { params: { path: { id } }, body }));
      draft.rev = stored.rev;
      draft.saved = text;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'draft_stale') throw error;
      adopt(draft, error.details);
    }
  }

  /** Another desk of mine was faster: its revision counts, my newer words stay. */
  function adopt(draft: DraftState, { rev, text }: ApiError['details']) {
    if (typeof rev !== 'number' || typeof text !== 'string')
      throw new Error('draft_stale came without the stored draft');
    draft.rev = rev;
    draft.saved = text;
  }

  watch(
    () => live.online,
    (online) => {
      if (online) for (const [id, draft] of drafts) if (draft.state === 'local') void save(id);
    },
  );
  watch(
    () => session.me?.id,
    (me) => {
      if (me) return;
      for (const timer of timers.values()) clearTimeout(timer);
      drafts.clear();
    },
  );

  return { of, load, set, clear };
});
