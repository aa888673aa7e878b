import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import { useProof } from './proof.ts';
import { useProvider } from './provider.ts';
import StepUpDialog from './StepUpDialog.vue';
import { useSession } from './session.ts';

const beside = { location: { href: '' }, close: vi.fn() };
const opened = vi.fn<() => typeof beside | null>();
let leave = () => {};

/** Somebody who proves themself at the provider is asked to. */
async function dialog() {
  const calls: string[] = [];
  const world = afternoon();
  const { app, page } = await stage(
    world,
    () => {
      useSession().me = { ...world.me!, proves_by: 'provider' };
      return () => h(StepUpDialog);
    },
    async (request) => {
      calls.push(new URL(request.url).pathname);
      return new Response(JSON.stringify({ url: 'https://id.example.cn/authorize' }));
    },
  );
  leave = () => app.unmount();
  const button = () => page.querySelector<HTMLButtonElement>('button[type=submit]')!;
  const submit = async () => {
    page.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    await nextTick();
  };
  const alert = () => page.querySelector('[role=alert]')?.textContent;
  return { page, calls, button, submit, alert };
}
beforeEach(() => {
  beside.location.href = '';
  beside.close.mockClear();
  opened.mockReset().mockReturnValue(beside);
  vi.stubGlobal('open', opened);
});
afterEach(() => {
  leave();
  vi.unstubAllGlobals();
});

describe('a proof at the provider', () => {
  it('says that the window was blocked, begins nothing, and can be tried again', async () => {
    opened.mockReturnValueOnce(null);
    const { calls, button, submit, alert } = await dialog();
    await submit();
    await vi.waitFor(() => expect(alert()).toContain('浏览器拦截了新窗口'));
    expect(calls).toEqual([]);
    await vi.waitFor(() => expect([button().textContent, button().disabled]).toEqual(['去验证', false]));
    await submit();
    await vi.waitFor(() => expect(beside.location.href).toBe('https://id.example.cn/authorize'));
    expect(alert()).toBeUndefined();
  });

  it('offers to open a window again that was closed, and counts when it is done there', async () => {
    const { page, button, submit } = await dialog();
    const proven = useProof().ask();
    await submit();
    await vi.waitFor(() => expect(page.querySelector('[role=status]')?.textContent).toContain('等待验证'));
    await vi.waitFor(() => expect([button().textContent, button().disabled]).toEqual(['重新打开', false]));
    await submit();
    await vi.waitFor(() => expect(button().disabled).toBe(false));
    expect(opened).toHaveBeenCalledTimes(2);
    useProvider().tell({});
    expect(await proven).toBe(true);
  });

  it('is refused in the words that the window tells', async () => {
    const { button, submit, alert } = await dialog();
    await submit();
    await vi.waitFor(() => expect(button().textContent).toBe('重新打开'));
    useProvider().tell({ refused: '验证的不是当前登录的账号' });
    await vi.waitFor(() => expect(alert()).toBe('验证的不是当前登录的账号'));
    expect(beside.close).toHaveBeenCalled();
    expect(button().textContent).toBe('去验证');
  });
});
