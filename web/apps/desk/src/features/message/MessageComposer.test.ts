import { beforeEach, describe, expect, it } from 'vitest';
import { h, nextTick, ref } from 'vue';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import { usePreferences } from '../../preferences.ts';
import MessageComposer, { type Mode } from './MessageComposer.vue';

async function composer(words: string, over: { online?: boolean; noteOnly?: boolean } = {}) {
  const text = ref(words);
  const mode = ref<Mode>('reply');
  const sent = ref(0);
  const files = ref<File[]>([]);
  const { page } = await stage(
    afternoon(),
    () => () =>
      h(MessageComposer, {
        text: text.value,
        mode: mode.value,
        name: '周女士',
        noteOnly: false,
        online: true,
        images: [],
        sending: false,
        status: '',
        ...over,
        'onUpdate:text': (value: string) => (text.value = value),
        'onUpdate:mode': (value: Mode) => (mode.value = value),
        onSend: () => (sent.value += 1),
        onFiles: (chosen: File[]) => (files.value = chosen),
      }),
  );
  const area = page.querySelector('textarea')!;
  const press = (init: KeyboardEventInit) =>
    area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }));
  return { text, mode, sent, files, page, area, press };
}

beforeEach(() => localStorage.clear());

describe('the editor', () => {
  it('sends with Enter, and makes a line with Shift+Enter', async () => {
    const { sent, press } = await composer('好的');
    press({ shiftKey: true });
    expect(sent.value).toBe(0);
    press({});
    expect(sent.value).toBe(1);
  });

  it('leaves Enter to an input method that composes', async () => {
    const { sent, press } = await composer('hao');
    press({ isComposing: true });
    expect(sent.value).toBe(0);
  });

  it('sends with Ctrl+Enter where that is wanted', async () => {
    const { sent, press } = await composer('好的');
    usePreferences().sendKey = 'ctrl';
    await nextTick();
    press({});
    expect(sent.value).toBe(0);
    press({ ctrlKey: true });
    expect(sent.value).toBe(1);
  });

  it('does not send nothing, nor more than 4,000 characters, and says by how many it is too long', async () => {
    const blank = await composer('  \n');
    blank.press({});
    expect(blank.sent.value).toBe(0);
    const long = await composer('长'.repeat(4003));
    long.press({});
    expect(long.sent.value).toBe(0);
    expect(long.page.textContent).toContain('超过上限 3 字');
  });

  it('never trims what was typed, but drops characters the protocol refuses', async () => {
    const { text, area } = await composer('');
    area.value = '  a\u0000b\u0007\tc\n ';
    area.dispatchEvent(new Event('input', { bubbles: true }));
    expect(text.value).toBe('  ab\tc\n ');
  });

  it('turns to an internal note with Ctrl+/ and back', async () => {
    const { mode, press, page } = await composer('');
    press({ key: '/', ctrlKey: true });
    await nextTick();
    expect(mode.value).toBe('note');
    expect(page.querySelector('textarea')?.getAttribute('aria-label')).toContain('客户看不到');
    press({ key: '/', ctrlKey: true });
    expect(mode.value).toBe('reply');
  });

  it('says that words written while disconnected are kept for later', async () => {
    const { page } = await composer('好的', { online: false });
    expect(page.textContent).toContain('存入待发');
  });
});
