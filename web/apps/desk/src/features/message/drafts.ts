import { ApiError, answer } from '@yingda/api';
import { defineStore } from 'pinia';
import { reactive, watch } from 'vue';
import { useApi } from '../../outside.ts';
import { useSession } from '../auth/session.ts';
import { useLive } from '../conversation/live.ts';

export interface DraftState {
  text: string;
  /** What the server last confirmed, and the revision it gave. */
  saved: string;
  rev: number;
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

  const place = (id: string) => `yingda.desk.draft.${session.me?.id}.${id}`;
  const dirty = (draft: DraftState) => draft.text !== draft.saved;

  function of(id: string): DraftState {
    let draft = drafts.get(id);
    if (!draft) {
      const kept = localStorage.getItem(place(id));
      drafts.set(id, {
        text: kept ?? live.conversation(id)?.draft ?? '',
        saved: kept === null ? (live.conversation(id)?.draft ?? '') : '',
        rev: 0,
        state: kept === null ? 'clean' : 'local',
      });
      draft = drafts.get(id)!;
    }
    return draft;
  }

  /** Brings the stored draft when a conversation is opened; unsaved words of this device are not touched. */
  async function load(id: string) {
    of(id);
    let stored: { text: string; rev: number };
    try {
      stored = await answer(api.GET('/api/v1/conversation/{id}/draft', { params: { path: { id } } }));
    } catch (error) {
      if (error instanceof ApiError) return; // no draft, no right to one, or no network: writing goes on from what is here
      throw error;
    }
    const draft = of(id);
    if (stored.rev < draft.rev) return;
    const untouched = !dirty(draft);
    draft.rev = stored.rev;
    draft.saved = stored.text;
    if (untouched) draft.text = stored.text;
    else await save(id);
  }

  function set(id: string, text: string) {
    const draft = of(id);
    draft.text = text;
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
    if (!dirty(draft)) {
      localStorage.removeItem(place(id));
      return;
    }
    if (saving.has(id)) return;
    const text = draft.text;
    saving.add(id);
    draft.state = 'saving';
    try {
      const stored = await answer(
        api.PUT('/api/v1/conversation/{id}/draft', { params: { path: { id } }, body: { text, rev: draft.rev + 1 } }),
      );
      draft.rev = stored.rev;
      draft.saved = text;
      draft.state = text === '' ? 'clean' : 'saved';
      if (draft.text === text) localStorage.removeItem(place(id));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      draft.state = 'local';
      if (error.code === 'draft_stale') adopt(draft, error.details);
      else return; // kept on this device; tried again when the connection is back or typing goes on
    } finally {
      saving.delete(id);
    }
    if (dirty(draft)) await save(id);
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
