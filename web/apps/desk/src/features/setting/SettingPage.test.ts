import { describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { fakeServer } from '../../../scenarios/fakeServer.ts';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon, me } from '../../../scenarios/world.ts';
import { useSession } from '../auth/session.ts';
import SettingPage from './SettingPage.vue';

async function page() {
  const world = {
    ...afternoon(),
    me: { ...me, permissions: ['setting.view', 'setting.manage', 'staff.view', 'site.manage'] },
  };
  const writes: { method: string; address: string; body: unknown }[] = [];
  const answer = fakeServer(world);
  const { page: dom } = await stage(
    world,
    () => {
      const session = useSession();
      void session.load();
      return () => session.me && h(SettingPage);
    },
    async (request) => {
      if (request.method === 'GET') return answer(request);
      const { pathname, search } = new URL(request.url);
      const text = await request.text();
      writes.push({ method: request.method, address: pathname + search, body: text && JSON.parse(text) });
      return new Response(null, { status: 204 });
    },
  );
  await vi.waitFor(() => expect(dom.querySelectorAll('tbody')).toHaveLength(3));
  const press = (label: string) => {
    const found = [...dom.querySelectorAll<HTMLElement>('button')].find(
      (button) => button.getAttribute('aria-label')?.trim() === label || button.textContent?.trim() === label,
    );
    if (!found) throw new Error(`no button ${label}`);
    found.click();
  };
  const type = async (selector: string, value: string) => {
    const field = dom.querySelector<HTMLInputElement>(selector)!;
    field.value = value;
    field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input'));
    await nextTick();
  };
  // The page of happy-dom does not submit a form by a button outside it.
  const save = () => dom.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
  return { dom, writes, press, type, save };
}

describe('settings', () => {
  it('show the general value and each exception by name', async () => {
    const { dom } = await page();
    const cells = [...dom.querySelectorAll('tbody')[0]!.querySelectorAll('tr')].map((row) =>
      [...row.querySelectorAll('td')].slice(0, 2).map((cell) => cell.textContent?.trim()),
    );
    expect(cells).toEqual([
      ['全公司', '48'],
      ['技能组：投诉建议', '72'],
    ]);
  });

  it('are changed on the version that was seen, and say what is no number', async () => {
    const { dom, writes, press, type, save } = await page();
    press('编辑 可重新打开的时限 技能组：投诉建议');
    await vi.waitFor(() => expect(dom.querySelector('#setting-value')).not.toBeNull());
    await type('#setting-value', '三天');
    save();
    await vi.waitFor(() => expect(dom.querySelector('[role=alert]')?.textContent).toBe('请填写数字'));
    await type('#setting-value', '36');
    save();
    await vi.waitFor(() => expect(writes).toHaveLength(1));
    expect(writes[0]).toEqual({
      method: 'PUT',
      address: '/api/v1/setting/conversation.reopen_hours',
      body: { scope: 'group', target: 'g3', version: 1, value: 36 },
    });
  });

  it('get an exception only for what has none yet', async () => {
    const { dom, writes, press, type, save } = await page();
    press('单独指定 可重新打开的时限');
    await vi.waitFor(() => expect(dom.querySelector('#setting-whom')).not.toBeNull());
    expect([...dom.querySelectorAll('#setting-whom option')].map((option) => option.textContent)).not.toContain(
      '投诉建议',
    );
    await type('#setting-whom', 'group g2');
    await type('#setting-value', '12');
    save();
    await vi.waitFor(() => expect(writes).toHaveLength(1));
    expect(writes[0]?.body).toEqual({ scope: 'group', target: 'g2', value: 12 });
  });

  it('go back to what holds without them', async () => {
    const { writes, press } = await page();
    press('恢复默认 可重新打开的时限 全公司');
    await vi.waitFor(() => expect(writes).toHaveLength(1));
    expect(writes[0]).toMatchObject({
      method: 'DELETE',
      address: '/api/v1/setting/conversation.reopen_hours?scope=operator&version=2',
    });
  });
});
