import type { Words } from './words/zh.ts';

export type { Words } from './words/zh.ts';
export interface Tongue {
  readonly locale: 'zh-CN' | 'en';
  readonly words: Words;
}

export const localeOf = (wanted: string): Tongue['locale'] => (wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');

/** What is said before there are words: a person reads one language, so each is a chunk of its own. */
export const FIRST_WORDS = {
  'zh-CN': { loading: '正在打开…', unreachable: '暂时连不上客服，请稍后再试' },
  en: { loading: 'Opening…', unreachable: 'We cannot be reached right now, please try again later' },
} as const;

export async function tongueOf(wanted: string): Promise<Tongue> {
  const locale = localeOf(wanted);
  const { words } = await (locale === 'en' ? import('./words/en.ts') : import('./words/zh.ts'));
  return { locale, words };
}
