import { ApiError, answer, type Branch, type Group, type Site } from '@yingda/api';
import { computed, reactive, ref, shallowRef } from 'vue';
import { useApi } from '../../outside.ts';
import { changeOf, type Faults, faultsOf, formOf, isSame, type SiteForm } from './siteForm.ts';

/** Fields of the server by the names of the form. */
const FIELDS: Record<string, string> = { launcher: 'x', translations: 'en.title', hot_questions: 'zh-CN.question.0' };

/** One site in its form: what was read, what is typed, whether it can be saved. */
export function useSite(id: string) {
  const api = useApi();
  const site = shallowRef<Site>();
  const state = reactive<{ form?: SiteForm }>({});
  const groups = shallowRef<readonly Group[]>([]);
  const branches = shallowRef<readonly Branch[]>([]);
  const error = ref<unknown>();
  const isSaving = ref(false);
  /** Somebody else was faster. */
  const isStale = ref(false);
  /** What the server would not take although the form thought it fine. */
  const refused = ref<Faults>({});

  const isChanged = computed(() => !!site.value && !!state.form && !isSame(formOf(site.value), state.form));
  const faults = computed<Faults>(() => (state.form ? { ...refused.value, ...faultsOf(state.form) } : {}));

  function take(read: Site, form = formOf(read)) {
    site.value = read;
    state.form = form;
    isStale.value = false;
    refused.value = {};
  }

  async function load() {
    error.value = undefined;
    try {
      const [sites, skill, branch] = await Promise.all([
        answer(api.GET('/api/v1/channel/sites')),
        answer(api.GET('/api/v1/staff/groups')),
        answer(api.GET('/api/v1/staff/branches')),
      ]);
      groups.value = skill.items;
      branches.value = branch.items;
      const found = sites.items.find((one) => one.id === id);
      if (!found) throw new ApiError(404, 'not_found', '');
      take(found);
    } catch (failure) {
      error.value = failure;
    }
  }

  /** Throws what the server says unless it belongs to a field or to somebody who was faster. */
  async function save(): Promise<boolean> {
    if (!state.form || !site.value || isSaving.value) return false;
    refused.value = {};
    if (Object.keys(faults.value).length > 0) return false;
    isSaving.value = true;
    try {
      const { rev } = site.value;
      const body = changeOf(state.form, rev);
      const sent = JSON.stringify(body);
      const params = { path: { key: id } };
      const { site: saved } = await answer(api.PATCH('/api/v1/channel/sites/{key}', { params, body }));
      // What was typed meanwhile stays, and is not saved yet.
      const isTyped = JSON.stringify(changeOf(state.form, rev)) !== sent;
      take(saved, isTyped ? state.form : undefined);
      return true;
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      if (failure.code === 'site.changed') isStale.value = true;
      else if (failure.code === 'site.profile_invalid') {
        const field = String(failure.details.field);
        refused.value = { [FIELDS[field] ?? field]: { why: 'refused', what: failure.title } };
      } else if (failure.code === 'site.logo_gone') refused.value = { logo: { why: 'refused', what: failure.title } };
      else throw failure;
      return false;
    } finally {
      isSaving.value = false;
    }
  }
  const discard = () => site.value && take(site.value);

  return { site, state, groups, branches, error, isSaving, isStale, isChanged, faults, load, save, discard };
}
export type SiteAtWork = ReturnType<typeof useSite>;
