import { afterEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { stage } from '../../scenarios/stage.ts';
import { afternoon } from '../../scenarios/world.ts';
import OnceDialog from './OnceDialog.vue';
import { useToasts } from './toast.ts';
import { useCopy } from './useCopy.ts';

/** `undefined`: as on a page without a secure origin. */
function clipboard(writeText?: (text: string) => Promise<void>) {
  vi.stubGlobal('navigator', { ...navigator, clipboard: writeText && { writeText } });
}
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

async function dialog() {
  const onClose = vi.fn();
  const facts = [
    { label: '账号', value: '0720' },
    { label: '密码', value: 'once-only' },
  ];
  const { page } = await stage(
    afternoon(),
    () => () => h(OnceDialog, { title: '一次性密码', text: '请记下', facts, done: '已存好', onClose }),
  );
  await nextTick();
  const press = (label: string) =>
    [...page.querySelectorAll('button')].find(({ textContent }) => textContent === label)?.click();
  const told = () => page.querySelector('dialog [role=status]');
  return { page, onClose, press, told };
}

describe('what is shown once', () => {
  it('is copied whole, and the dialog says so', async () => {
    const write = vi.fn(() => Promise.resolve());
    clipboard(write);
    const { press, told } = await dialog();
    press('复制');
    await vi.waitFor(() => expect(told()?.textContent).toBe('已复制'));
    expect(write).toHaveBeenCalledWith('0720\tonce-only');
    expect(told()?.className).toContain('success');
  });

  it.each([
    ['a browser that refuses', () => Promise.reject(new DOMException('no', 'NotAllowedError'))],
    ['a page without a secure origin', undefined],
  ])('stays readable with %s, which is told', async (_, write) => {
    clipboard(write);
    const { page, press, told, onClose } = await dialog();
    press('复制');
    await vi.waitFor(() => expect(told()?.textContent).toBe('没能复制，请选中后手动复制'));
    expect(told()?.className).toContain('danger');
    expect([...page.querySelectorAll('code')].map(({ textContent }) => textContent)).toEqual(['0720', 'once-only']);
    expect(onClose).not.toHaveBeenCalled();
  });

  it('is told anew when it is copied once more', async () => {
    clipboard(() => Promise.resolve());
    const { press, told } = await dialog();
    const said: (string | null | undefined)[] = [];
    const observer = new MutationObserver(() => said.push(told()?.textContent));
    observer.observe(told() as Element, { childList: true, characterData: true, subtree: true });
    press('复制');
    await vi.waitFor(() => expect(said).toEqual(['已复制']));
    press('复制');
    await vi.waitFor(() => expect(said.slice(1)).toEqual(['', '已复制']));
    observer.disconnect();
  });

  it('is lost neither by a click beside the dialog nor by Escape, pressed as often as one likes', async () => {
    const { page, press, onClose } = await dialog();
    const shown = page.querySelector('dialog') as HTMLDialogElement;
    shown.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    expect(shown.dispatchEvent(new Event('cancel', { cancelable: true }))).toBe(false);
    shown.close(); // as browsers do at the second Escape
    expect(shown.open).toBe(true);
    expect(onClose).not.toHaveBeenCalled();
    press('已存好');
    expect(onClose).toHaveBeenCalledOnce();
  });
});

describe('copying outside a dialog', () => {
  it('is told in a toast, as is that it did not work', async () => {
    clipboard(() => Promise.resolve());
    const { made: copy } = await stage(afternoon(), () => ({ copy: useCopy() }));
    await copy.copy('x');
    clipboard();
    await copy.copy('x');
    expect(useToasts().toasts.map(({ text, tone }) => [text, tone])).toEqual([
      ['已复制', 'success'],
      ['没能复制，请选中后手动复制', 'danger'],
    ]);
  });
});
