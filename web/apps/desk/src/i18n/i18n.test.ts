import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { permissions } from '../features/staff/permissions.ts';
import { createDeskI18n, messages } from './index.ts';

type Words = { [key: string]: string | Words };

function leaves(words: Words, path = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) => {
    const here = path ? `${path}.${key}` : key;
    return typeof value === 'string' ? [here] : leaves(value, here);
  });
}

const root = join(import.meta.dirname, '..');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(vue|ts)$/.test(file) && !/(\.test|locale|i18n\/app)\.ts$/.test(file))
  .map((file) => ({ file, code: readFileSync(join(root, file), 'utf8') }));

/** Quoted text that begins with the name of a feature: `conversation.header.end`, or the start of one made at run time. */
const features = Object.keys(messages['zh-CN']).join('|');
const quoted = new RegExp(`['\`]((?:${features})\\.[\\w.]+?)(\\.?\\$\\{|['\`])`, 'g');
/** The server's names of rights look like keys and are none. */
const named = new Set<string>(permissions);
const notKeys = /\.(ts|vue|mjs)$/;

const zh = new Set(leaves(messages['zh-CN']));
const en = new Set(leaves(messages.en));

describe('words', () => {
  it('stand in both languages', () => {
    expect([...zh].filter((key) => !en.has(key))).toEqual([]);
    expect([...en].filter((key) => !zh.has(key))).toEqual([]);
  });

  it('take the same parameters in both languages', () => {
    const places = (locale: 'zh-CN' | 'en', key: string) => {
      const text = key
        .split('.')
        .reduce<string | Words>((words, part) => (words as Words)[part] ?? '', messages[locale]);
      return [...String(text).matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    };
    for (const key of zh) expect(places('en', key), key).toEqual(places('zh-CN', key));
  });

  it('exist wherever the desk asks for them', () => {
    const missing: string[] = [];
    for (const { file, code } of sources) {
      for (const [, key = '', end] of code.matchAll(quoted)) {
        if (notKeys.test(key) || named.has(key)) continue;
        const known = end?.includes('$') ? [...zh].some((one) => one.startsWith(`${key}.`)) : zh.has(key);
        if (!known) missing.push(`${file}: ${key}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('are all used', () => {
    const all = sources.map(({ code }) => code).join('\n');
    const unused = [...zh].filter((key) => {
      if (all.includes(key)) return false;
      const parts = key.split('.');
      // Used through a start: `message.delivery.${state}`.
      return !parts.some(
        (_, n) =>
          n > 0 &&
          (all.includes(`${parts.slice(0, n + 1).join('.')}.\${`) ||
            all.includes(`${parts.slice(0, n + 1).join('.')}.\``)),
      );
    });
    expect(unused.filter((key) => !key.startsWith('message.system.'))).toEqual([]);
  });

  it('name every right', () => {
    for (const permission of permissions)
      expect(zh, permission).toContain(`staff.permission.${permission.replace('.', '-')}`);
  });

  it('are read without a fault by the formatter', () => {
    const { t } = createDeskI18n('zh-CN').global;
    for (const key of zh) expect(t(key, { n: 1, name: '林晓' }), key).not.toBe('');
  });

  it('are never written into the templates', () => {
    const chinese = /[\u4e00-\u9fff]/;
    const written = sources.filter(
      ({ file, code }) =>
        file.endsWith('.vue') &&
        chinese.test(code.replace(/<style[\s\S]*/, '').replace(/<script[\s\S]*?<\/script>/, '')),
    );
    expect(written.map(({ file }) => file)).toEqual([]);
  });
});
