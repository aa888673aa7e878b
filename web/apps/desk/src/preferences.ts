import { applyTheme, type Theme } from '@yingda/ui';
import { defineStore } from 'pinia';
import { reactive, toRefs, watch } from 'vue';
import type { Locale } from './i18n/index.ts';

export type Density = 'compact' | 'standard' | 'roomy';
export type SendKey = 'enter' | 'ctrl';
export type Sort = 'longest' | 'newest';
export type Sound = 'off' | 'soft' | 'loud';
/** Notifications of the system: none, without what customers say, or with it. */
export type Notify = 'off' | 'plain' | 'full';

interface Preferences {
  theme: Theme;
  locale: Locale;
  density: Density;
  sendKey: SendKey;
  sort: Sort;
  sound: Sound;
  notify: Notify;
  /** Whether the rail beside the thread is open. */
  side: boolean;
}

const place = 'yingda.desk.preferences';

function first(): Preferences {
  const locale: Locale = navigator.language.toLowerCase().startsWith('zh')
    ? 'zh-CN'
    : navigator.language
      ? 'en'
      : 'zh-CN';
  return {
    theme: 'auto',
    locale,
    density: 'standard',
    sendKey: 'enter',
    sort: 'longest',
    sound: 'soft',
    notify: 'off',
    side: true,
  };
}

function stored(): Partial<Preferences> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(place) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    // Only unreadable text is forgiven; a storage that refuses altogether is a fault worth seeing.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** How this person likes the desk, remembered on this device. */
export const usePreferences = defineStore('preferences', () => {
  const state = reactive<Preferences>({ ...first(), ...stored() });
  let unfollow = () => {};

  watch(state, () => localStorage.setItem(place, JSON.stringify(state)));
  watch(
    () => state.theme,
    (theme) => {
      unfollow();
      unfollow = applyTheme(theme);
    },
    { immediate: true },
  );
  watch(
    () => state.density,
    (density) => {
      document.documentElement.dataset.ydDensity = density;
    },
    { immediate: true },
  );
  return toRefs(state);
});
