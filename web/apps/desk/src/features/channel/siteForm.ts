import type { NewSite, Site, SiteChange, SiteLogo } from '@yingda/api';

/** The languages visitors are spoken to in; the server knows the same two. */
export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];
export const MOST = { title: 60, greeting: 500, questions: 6, question: 100, away: 200, origins: 50 } as const;

export interface Words {
  title: string;
  greeting: string;
  hot_questions: string[];
}
/** A site as it stands in the form: words by language, empty where nothing is said. */
export interface SiteForm {
  name: string;
  group: string;
  branch?: string;
  is_active: boolean;
  locale: Language;
  words: Record<Language, Words>;
  brand: string;
  /** Uploaded; shown to visitors once the site is saved with it. */
  logo?: SiteLogo;
  launcher: Site['launcher'];
  care: boolean;
  preview: boolean;
  groups: string[];
  /** One per line, as typed. */
  origins: string;
}

const wordsOf = (from?: Partial<Words>): Words => ({
  title: from?.title ?? '',
  greeting: from?.greeting ?? '',
  hot_questions: [...(from?.hot_questions ?? [])],
});

export function formOf(site: Site): SiteForm {
  const locale = site.locale === 'en' ? 'en' : 'zh-CN';
  const { name, group, branch, is_active, launcher, care, preview, groups, translations } = site;
  const words = { 'zh-CN': wordsOf(translations['zh-CN']), en: wordsOf(translations.en) };
  // In its own language a translation comes first for visitors, and so it does here.
  if (!translations[locale]) words[locale] = wordsOf(site);
  return {
    name,
    group,
    branch,
    is_active,
    locale,
    words,
    care,
    preview,
    brand: site.brand ?? '',
    logo: site.logo,
    launcher: { ...launcher },
    groups: [...groups],
    origins: site.origins.join('\n'),
  };
}

export const originsOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const isEmpty = ({ title, greeting, hot_questions }: Words) =>
  !title.trim() && !greeting.trim() && !hot_questions.length;
const said = ({ title, greeting, hot_questions }: Words) => ({
  ...(title.trim() && { title: title.trim() }),
  ...(greeting.trim() && { greeting: greeting.trim() }),
  hot_questions: hot_questions.map((question) => question.trim()),
});

/** What is sent: all of it, on the revision that was read. */
export function changeOf(form: SiteForm, rev: number): SiteChange {
  const others = LANGUAGES.filter((language) => language !== form.locale && !isEmpty(form.words[language]));
  const profile = {
    ...said(form.words[form.locale]),
    locale: form.locale,
    translations: Object.fromEntries(others.map((language) => [language, said(form.words[language])])),
    ...(form.brand && { brand: form.brand.toLowerCase() }),
    launcher: form.launcher,
    care: form.care,
    preview: form.preview,
    groups: form.groups,
    origins: originsOf(form.origins),
  } as SiteChange['profile'];
  return {
    rev,
    name: form.name.trim(),
    group: form.group,
    branch: form.branch ?? null,
    is_active: form.is_active,
    logo: form.logo?.id ?? null,
    profile,
  };
}

export const isSame = (a: SiteForm, b: SiteForm): boolean =>
  JSON.stringify(changeOf(a, 0)) === JSON.stringify(changeOf(b, 0));

/** `https://host`, with a port perhaps; `https://*.shop.cn` names all below one that is a name itself. The server holds the same rule. */
export function isOrigin(text: string): boolean {
  const found = /^https?:\/\/(\*\.)?([a-z0-9.-]{1,253})(?::(\d{1,5}))?$/.exec(text);
  if (!found) return false;
  const [, star, name = '', port] = found;
  return (!star || name.includes('.')) && (port === undefined || (Number(port) > 0 && Number(port) < 65_536));
}
export const isColour = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text);
export const isKey = (text: string): boolean => /^[A-Za-z0-9._-]{1,64}$/.test(text);

/** The fields that cannot be saved as they are, each with the key of why. */
export type Faults = Partial<Record<string, { why: string; what?: string | number }>>;
export function faultsOf(form: SiteForm): Faults {
  const faults: Faults = {};
  if (!form.name.trim()) faults.name = { why: 'required' };
  if (!form.group) faults.group = { why: 'required' };
  if (form.brand && !isColour(form.brand)) faults.brand = { why: 'colour' };
  for (const side of ['x', 'y'] as const) {
    const at = form.launcher[side];
    if (!Number.isInteger(at) || at < 0 || at > MOST.away) faults[side] = { why: 'away', what: MOST.away };
  }
  const origins = originsOf(form.origins);
  const bad = origins.find((origin) => !isOrigin(origin));
  if (bad !== undefined) faults.origins = { why: 'origin', what: bad };
  else if (origins.length > MOST.origins) faults.origins = { why: 'tooMany', what: MOST.origins };
  for (const language of LANGUAGES) {
    const { title, greeting, hot_questions } = form.words[language];
    if ([...title.trim()].length > MOST.title) faults[`${language}.title`] = { why: 'tooLong', what: MOST.title };
    if ([...greeting.trim()].length > MOST.greeting)
      faults[`${language}.greeting`] = { why: 'tooLong', what: MOST.greeting };
    hot_questions.forEach((question, at) => {
      const length = [...question.trim()].length;
      if (length === 0) faults[`${language}.question.${at}`] = { why: 'required' };
      else if (length > MOST.question) faults[`${language}.question.${at}`] = { why: 'tooLong', what: MOST.question };
    });
  }
  return faults;
}

/** A new site has its name, key and group; everything else is said on its page. */
export const newSite = (key: string, name: string, group: string): NewSite =>
  ({ key: key.trim(), name: name.trim(), group }) as NewSite;

export const TABS = ['look', 'words', 'rules', 'embed', 'keys', 'history'] as const;
export type Tab = (typeof TABS)[number];
/** Where a field stands. */
export function tabOf(field: string): Tab {
  if (LANGUAGES.some((language) => field.startsWith(`${language}.`))) return 'words';
  return ['brand', 'logo', 'x', 'y'].includes(field) ? 'look' : 'rules';
}
