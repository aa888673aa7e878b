import { answer } from '@yingda/api';
import { computed, ref } from 'vue';
import { useApi } from '../../outside.ts';

/** A line to choose: a skill group, or a colleague with the group that would have to be theirs. */
export interface Target {
  readonly key: string;
  readonly name: string;
  readonly isFree: boolean;
  readonly group?: string;
  readonly staff?: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly state: 'group' | 'free' | 'full' | 'busy' | 'away';
}

/** To whom a conversation of `group` can be passed on. Those who can take it now come first. */
export function useTargets(group: string) {
  const api = useApi();
  const groups = ref<Target[]>([]);
  const colleagues = ref<Target[]>([]);
  const loaded = ref(false);

  async function load() {
    const told = await answer(api.GET('/api/v1/routing/targets'));
    groups.value = told.groups
      .filter(({ id }) => id !== group)
      .map(({ id, name, waiting, accepting, members }) => {
        const figures = { waiting, accepting, members };
        return { key: `g${id}`, name, group: id, isFree: accepting > 0, figures, state: 'group' as const };
      });
    colleagues.value = told.colleagues
      .map(({ id, name, groups: theirs, is_connected, is_accepting, load, limit }) => {
        const state = !is_connected ? 'away' : !is_accepting ? 'busy' : load >= limit ? 'full' : 'free';
        const other = theirs.includes(group) ? undefined : theirs[0];
        const isFree = state === 'free' && theirs.length > 0;
        return { key: `s${id}`, name, staff: id, group: other, isFree, figures: { load, limit }, state } as const;
      })
      .sort((a, b) => Number(b.isFree) - Number(a.isFree) || a.figures.load - b.figures.load);
    loaded.value = true;
  }

  const all = computed(() => ({ groups: groups.value, colleagues: colleagues.value }));
  return { all, loaded, load };
}
