import { ApiError, answer, type SiteLogo } from '@yingda/api';
import { CallError } from '@yingda/realtime';
import { ref } from 'vue';
import { useApi } from '../../outside.ts';

/** What the server takes; it says so itself of everything else, this is only sooner. */
export const LOGO_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/webp'];
export const LOGO_MOST_MB = 5;

/** Why a file cannot be a logo, seen before it is sent. */
export function unfitLogo({
  type,
  size,
}: {
  readonly type: string;
  readonly size: number;
}): 'type' | 'large' | undefined {
  if (!LOGO_TYPES.includes(type)) return 'type';
  return size > LOGO_MOST_MB * 1024 * 1024 ? 'large' : undefined;
}

/** Brings a picture to the server, which makes a logo of it; the form then names it. Of two picked one after the other the later counts. */
export function useLogo(site: string, made: (logo: SiteLogo) => void) {
  const api = useApi();
  const isBusy = ref(false);
  /** What keeps the picked file from being a logo: a reason of ours, or what the server said. */
  const problem = ref<'type' | 'large' | ApiError | CallError>();
  let last = 0;

  async function pick(file: File) {
    last += 1;
    const mine = last;
    problem.value = unfitLogo(file);
    isBusy.value = !problem.value;
    if (problem.value) return;
    const body = file as never; // docs/openapi.json takes bytes for an array of numbers
    const bodySerializer = (bytes: unknown) => bytes as never;
    const [params, headers] = [{ path: { key: site } }, { 'Content-Type': file.type }];
    try {
      const call = api.POST('/api/v1/channel/sites/{key}/logo', { params, headers, body, bodySerializer });
      const { logo } = await answer(call);
      if (mine === last) made(logo);
    } catch (failure) {
      if (!(failure instanceof ApiError || failure instanceof CallError)) throw failure;
      if (mine === last) problem.value = failure;
    } finally {
      if (mine === last) isBusy.value = false;
    }
  }
  /** What was said no longer matters, and what is under way no longer counts. */
  function forget() {
    last += 1;
    problem.value = undefined;
    isBusy.value = false;
  }
  return { isBusy, problem, pick, forget };
}
export type LogoAtWork = ReturnType<typeof useLogo>;
