import { afterEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { fakeServer } from '../../../scenarios/fakeServer.ts';
import { stage } from '../../../scenarios/stage.ts';
import { scenarios } from '../../../scenarios/states.ts';
import type { World } from '../../../scenarios/world.ts';
import AuditPage from './AuditPage.vue';

type Answer = (request: Request) => Promise<Response | undefined>;

async function page(over: Partial<World> = {}, instead: Answer = async () => undefined) {
  const world = { ...scenarios.audit!.world(), ...over };
  const asked: { method: string; path: string; query: string; body?: unknown }[] = [];
  const answer = fakeServer(world);
  const { page: dom } = await stage(
    world,
    () => () => h(AuditPage),
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = request.method === 'POST' ? await request.clone().json() : undefined;
      asked.push({ method: request.method, path: pathname, query: decodeURIComponent(search), body });
      return (await instead(request)) ?? answer(request);
    },
  );
  await vi.waitFor(() => expect(dom.querySelector('.sheet')?.textContent).not.toBe(''));
  const press = async (name: string) => {
    const found = [...document.querySelectorAll('button')].find((button) => button.textContent?.trim() === name);
    if (!found) throw new Error(`no button ${name}`);
    found.click();
    await nextTick();
  };
  const lists = () => asked.filter(({ path }) => path === '/api/v1/audit').map(({ query }) => query);
  return { dom, asked, press, lists };
}
const choose = async (dom: HTMLElement, label: string, value: string) => {
  const field = dom.querySelector<HTMLInputElement>(`[aria-label="${label}"]`)!;
  field.value = value;
  field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input'));
  await nextTick();
};
const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });

describe('the audit page', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('says in words who did what, and what changed', async () => {
    const { dom } = await page();
    await vi.waitFor(() => expect(dom.querySelectorAll('tbody tr')).toHaveLength(6));
    const lines = [...dom.querySelectorAll('tbody tr')].map((row) => row.textContent);
    expect(lines[0]).toMatch(/何敏.*修改员工账号.*苏晴.*成功.*同时会话上限\s*5 → 8/);
    expect(lines[2]).toMatch(/未登录.*登录.*被拒绝.*账号或密码不对/);
    expect(lines[4]).toContain('姓名已擦除');
    expect(dom.textContent).not.toMatch(/staff\.update|max_conversations/);
  });

  it('asks for what was chosen, and goes on from there', async () => {
    const { dom, lists, press } = await page({}, async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== '/api/v1/audit' || searchParams.get('action') !== 'staff.') return undefined;
      return json({ items: [], next: searchParams.has('after') ? undefined : '5.6' });
    });
    await vi.waitFor(() => expect(dom.querySelectorAll('optgroup').length).toBeGreaterThan(1));
    await choose(dom, '动作', 'staff.');
    // A page with nothing on it is not the end.
    await vi.waitFor(() => expect(dom.textContent).toContain('可继续往更早查'));
    await choose(dom, '操作人', '不会按这个筛选');
    await press('加载更多');
    await vi.waitFor(() => expect(dom.textContent).toContain('没有匹配的记录'));
    expect(lists().slice(1)).toEqual(['?action=staff.&limit=100', '?action=staff.&after=5.6&limit=100']);
  });

  it('finds a person by a part of the name', async () => {
    const { dom, lists } = await page();
    await choose(dom, '操作人', '何');
    dom.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(lists()).toHaveLength(2));
    expect(lists()[1]).toBe('?actor=7001&limit=100');
  });

  it('leads from a record to others like it', async () => {
    const { dom, lists, press } = await page();
    await vi.waitFor(() => expect(dom.querySelectorAll('tbody tr')).toHaveLength(6));
    await press('修改设置');
    expect(document.querySelector('dialog')!.textContent).toMatch(/变更前.*变更后.*24.*48/);
    await press('只看此对象');
    await vi.waitFor(() => expect(lists()).toHaveLength(2));
    expect(lists()[1]).toBe('?object=setting&object_id=conversation.reopen_hours&limit=100');
  });

  it('walks the chain part by part and says what does not fit', async () => {
    const { dom, asked, press } = await page({}, async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== '/api/v1/audit/chain/check') return undefined;
      const from = Number(searchParams.get('from'));
      return from === 4
        ? json({ records: 2000, upto: 2003, next: 2004, findings: [] })
        : json({
            records: 3225,
            upto: 5228,
            findings: [{ code: 'audit.fault.changed', seq: 2100, text: '第 2100 条不符' }],
          });
    });
    await vi.waitFor(() => expect(dom.textContent).toContain('已封存 5228 条'));
    await press('校验');
    await vi.waitFor(() => expect(dom.textContent).toContain('发现 1 处不符'));
    expect(dom.textContent).toContain('第 2100 条不符');
    const walked = asked.filter(({ path }) => path.endsWith('/check')).map(({ query }) => query);
    expect(walked).toEqual(['?from=4&to=5228', '?from=2004&to=5228']);
  });

  it('takes out what it shows', async () => {
    const made = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x');
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockReturnValue();
    const { dom, asked, press } = await page();
    await choose(dom, '结果', 'refused');
    await press('导出');
    document.querySelector<HTMLFormElement>('dialog form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(made).toHaveBeenCalledOnce());
    expect(asked.find(({ path }) => path.endsWith('/export'))?.body).toEqual({ result: 'refused', format: 'csv' });
  });

  it('says what is wrong and tries again', async () => {
    const { dom, lists, press } = await page({
      refuse: { '/api/v1/audit': { status: 503, code: 'busy', title: '系统正忙，请稍后再试' } },
    });
    await vi.waitFor(() => expect(dom.textContent).toContain('系统正忙'));
    await press('重试');
    expect(lists()).toHaveLength(2);
  });
});
