import { describe, expect, it } from 'vitest';
import { sites } from '../../../scenarios/administration.ts';
import { changedFields } from './siteEvents.ts';
import { changeOf, faultsOf, formOf, isOrigin, isSame, type SiteForm, tabOf } from './siteForm.ts';

const [hall, mall] = sites as [(typeof sites)[0], (typeof sites)[0]];
const changed = (change: (form: SiteForm) => void): SiteForm => {
  const form = formOf(hall);
  change(form);
  return form;
};

describe('the form of a site', () => {
  it('gives back what it was made of', () => {
    const { rev, profile, ...rest } = changeOf(formOf(hall), hall.rev);
    expect([rev, rest]).toEqual([3, { name: hall.name, group: 'g1', branch: 'zj', is_active: true, logo: 'k2vQ8s' }]);
    const said = { ...hall, ...profile } as typeof hall;
    expect(said).toEqual(hall);
    expect(Object.keys(profile ?? {})).not.toContain('id');
    expect(isSame(formOf(hall), formOf(structuredClone(hall)))).toBe(true);
    expect(changeOf(formOf(mall), 3)).toMatchObject({
      branch: null,
      logo: null,
      profile: { locale: 'zh-CN', translations: {} },
    });
  });

  it('keeps the words of each language when another one becomes the default', () => {
    const form = changed((form) => {
      form.locale = 'en';
    });
    expect(changeOf(form, 3).profile).toMatchObject({
      title: 'Xingqiao Support',
      translations: { 'zh-CN': { title: '星桥客服', hot_questions: hall.hot_questions } },
    });
  });

  it('reads the words visitors read where a site has a translation into its own language', () => {
    const form = formOf({ ...hall, translations: { 'zh-CN': { title: '译', hot_questions: [] } } } as never);
    expect(form.words['zh-CN'].title).toBe('译');
    expect(changeOf(form, 3).profile).toMatchObject({ title: '译', translations: {} });
  });

  it('takes away what is emptied', () => {
    const form = changed((form) => {
      form.brand = '';
      form.words['zh-CN'].greeting = ' ';
      form.words.en = { title: '', greeting: '', hot_questions: [] };
      form.origins = '\n  https://a.cn \n\n';
    });
    const { profile } = changeOf(form, 3);
    expect(profile).toMatchObject({ translations: {}, origins: ['https://a.cn'] });
    expect([profile && 'brand' in profile, profile && 'greeting' in profile]).toEqual([false, false]);
  });

  it('names each field that cannot be saved, and where it stands', () => {
    expect(faultsOf(formOf(hall))).toEqual({});
    const faults = faultsOf(
      changed((form) => {
        form.name = ' ';
        form.brand = 'red';
        form.launcher.x = 201;
        form.launcher.y = '' as never;
        form.origins = 'https://a.cn\nhttps://a.cn/x';
        form.words.en.title = '字'.repeat(61);
        form.words['zh-CN'].hot_questions = ['好', ' '];
      }),
    );
    expect(faults).toEqual({
      name: { why: 'required' },
      brand: { why: 'colour' },
      x: { why: 'away', what: 200 },
      y: { why: 'away', what: 200 },
      origins: { why: 'origin', what: 'https://a.cn/x' },
      'en.title': { why: 'tooLong', what: 60 },
      'zh-CN.question.1': { why: 'required' },
    });
    expect(Object.keys(faults).map(tabOf)).toEqual(['rules', 'look', 'look', 'look', 'rules', 'words', 'words']);
  });

  it('knows an origin as the server does', () => {
    for (const good of ['https://shop.cn', 'http://127.0.0.1:8080', 'https://a-b.c.cn:8443', 'https://*.shop.cn'])
      expect(isOrigin(good), good).toBe(true);
    for (const bad of [
      'shop.cn',
      'https://',
      'https://a.cn/',
      'https://*.cn',
      'https://*',
      'https://*.*.shop.cn',
      'https://A.cn',
      'https://a:0',
      'https://a:70000',
      'ftp://a',
    ])
      expect(isOrigin(bad), bad).toBe(false);
  });
});

it('says what differs between two states of a site', () => {
  const before = { name: '星桥', rev: 1, launcher: { x: 24, side: 'right' }, groups: ['a'], brand: '#000000' };
  const after = { name: '星桥', rev: 2, launcher: { x: 30, side: 'right' }, groups: ['a', 'b'], care: false };
  expect(changedFields(before, after)).toEqual([
    { field: 'launcher.x', before: '24', after: '30' },
    { field: 'groups', before: '', after: 'b' },
    { field: 'brand', before: '#000000', after: '' },
    { field: 'care', before: '', after: 'false' },
  ]);
  expect(changedFields({ a: ['x', 'y'] }, { a: ['y', 'x'] })).toEqual([{ field: 'a', before: 'x\ny', after: 'y\nx' }]);
  expect(changedFields({}, { hot_questions: [] })).toEqual([]);
  // Another picture of the same size is another one.
  const logo = (id: string) => ({ logo: { id, url: `/x/${id}`, width: 200, height: 60 } });
  expect(changedFields(logo('aaaaaaaa'), logo('bbbbbbbb'))).toEqual([
    { field: 'logo', before: '200 × 60 · aaaaaa', after: '200 × 60 · bbbbbb' },
  ]);
  expect(changedFields({}, logo('aaaaaaaa'))).toHaveLength(1);
  expect(changedFields(undefined, { name: 'x' })).toEqual([{ field: 'name', before: '', after: 'x' }]);
});
