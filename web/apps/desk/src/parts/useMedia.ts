import { onScopeDispose, ref } from 'vue';

export function useMedia(query: string) {
  const list = matchMedia(query);
  const matches = ref(list.matches);
  const follow = () => {
    matches.value = list.matches;
  };
  list.addEventListener('change', follow);
  onScopeDispose(() => list.removeEventListener('change', follow));
  return matches;
}
