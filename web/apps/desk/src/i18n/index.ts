import { createI18n } from 'vue-i18n';
import * as audit from '../features/audit/locale.ts';
import * as auth from '../features/auth/locale.ts';
import * as backup from '../features/backup/locale.ts';
import * as channel from '../features/channel/locale.ts';
import * as conversation from '../features/conversation/locale.ts';
import * as customer from '../features/customer/locale.ts';
import * as erasure from '../features/erasure/locale.ts';
import * as latency from '../features/latency/locale.ts';
import * as message from '../features/message/locale.ts';
import * as rating from '../features/rating/locale.ts';
import * as routing from '../features/routing/locale.ts';
import * as setting from '../features/setting/locale.ts';
import * as staff from '../features/staff/locale.ts';
import * as app from './app.ts';

/** Each feature brings its own words; `en` has the type of `zh`, so a missing key does not compile. */
const features = {
  app,
  audit,
  auth,
  backup,
  channel,
  conversation,
  customer,
  erasure,
  latency,
  message,
  rating,
  routing,
  setting,
  staff,
};

export const messages = {
  'zh-CN': Object.fromEntries(Object.entries(features).map(([name, words]) => [name, words.zh])),
  en: Object.fromEntries(Object.entries(features).map(([name, words]) => [name, words.en])),
};

export type Locale = keyof typeof messages;
export const locales: readonly { id: Locale; name: string }[] = [
  { id: 'zh-CN', name: '简体中文' },
  { id: 'en', name: 'English' },
];

export function createDeskI18n(locale: Locale) {
  return createI18n({ legacy: false, locale, fallbackLocale: 'zh-CN', messages });
}

/** The shape of the first language, its sentences free: what a translation must have. */
export type Translation<T> = { [K in keyof T]: T[K] extends string ? string : Translation<T[K]> };
