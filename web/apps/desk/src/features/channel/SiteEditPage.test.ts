import { hearPreview, type PreviewLook } from '@yingda/ui';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { RouterView } from 'vue-router';
import { sites } from '../../../scenarios/administration.ts';
import { fakeServer } from '../../../scenarios/fakeServer.ts';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import SiteEditPage from './SiteEditPage.vue';

const fresh = { id: 'fresh1', url: '/fresh.png', width: 200, height: 60 };
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
type Write = { method: string; path: string; body: { rev?: number; profile?: Record<string, unknown> } };

async function open(refuse?: () => Response | Promise<undefined>) {
  // Nothing is behind the frame; the page is told what a preview would be told.
  Object.assign((window as unknown as { happyDOM: { settings: object } }).happyDOM.settings, {
    disableIframePageLoading: true,
    handleDisabledFileLoadingAsSuccess: true,
  });
  const world = afternoon();
  const writes: Write[] = [];
  const answer = fakeServer(world);
  const { page: dom, router } = await stage(
    world,
    () => () => h(RouterView),
    async (request) => {
      if (request.method === 'GET') return answer(request);
      const path = new URL(request.url).pathname;
      const text = await request.text();
      const isPicture = request.headers.get('Content-Type')?.startsWith('image/');
      const body = isPicture ? { picture: text } : text ? JSON.parse(text) : {};
      writes.push({ method: request.method, path, body });
      const refused = await refuse?.();
      if (refused) return refused;
      if (path.endsWith('/logo')) return json({ logo: fresh }, 201);
      if (path.endsWith('/secrets')) return json({ secret: { id: 'k3', created_at: 1 }, text: 'the-only-time' }, 201);
      if (request.method === 'DELETE') return new Response(null, { status: 204 });
      const { profile, logo: named, ...rest } = body;
      const logo = named ? { ...fresh, id: named } : undefined;
      return json({ site: { ...sites[0], ...rest, ...profile, logo, rev: body.rev + 1 } });
    },
  );
  router.addRoute({ path: '/site', name: 'site', component: { render: () => h('p', 'list') } });
  router.addRoute({ path: '/site/:id', name: 'siteEdit', component: SiteEditPage, props: true });
  router.addRoute({ path: '/login', component: { render: () => h('p', 'door') }, meta: { open: true } });
  await router.push('/site/s1');
  await vi.waitFor(() => expect(dom.querySelector('[role=tablist]')).not.toBeNull());
  const button = (label: string) =>
    [...dom.querySelectorAll<HTMLButtonElement>('button')].find(
      (one) => (one.getAttribute('aria-label') ?? one.textContent)?.trim() === label,
    );
  const press = async (label: string) => {
    const found = button(label);
    if (!found) throw new Error(`no button ${label}`);
    found.click();
    await nextTick();
  };
  const type = async (selector: string, value: string) => {
    const field = dom.querySelector<HTMLInputElement>(selector)!;
    field.value = value;
    field.dispatchEvent(new Event('input'));
    await nextTick();
  };
  const choose = async (file: File) => {
    const field = dom.querySelector<HTMLInputElement>('input[type=file]')!;
    Object.defineProperty(field, 'files', { value: [file], configurable: true });
    field.dispatchEvent(new Event('change'));
    await nextTick();
  };
  const text = (selector: string) => [...dom.querySelectorAll(selector)].map((one) => one.textContent?.trim());
  return { dom, router, writes, press, button, type, choose, text };
}
afterEach(() => document.body.replaceChildren());

describe('the page of a site', () => {
  it('saves all of it on the revision it read, and then has nothing left to save', async () => {
    const { writes, press, button, type } = await open();
    expect(button('保存')).toBeUndefined();
    await type('#site-brand', '#0A5C36');
    await press('保存');
    await vi.waitFor(() => expect(writes).toHaveLength(1));
    expect(writes[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/channel/sites/s1',
      body: { rev: 3, name: '星桥网上营业厅', branch: 'zj', profile: { brand: '#0a5c36', groups: ['g2', 'g3'] } },
    });
    await vi.waitFor(() => expect(button('保存')).toBeUndefined());
  });

  it('says at the field what is wrong, goes there, and sends nothing', async () => {
    const { dom, writes, press, type, text } = await open();
    await press('规则');
    await type('#site-origins', 'https://a.cn/path');
    await press('外观');
    await press('保存');
    await nextTick();
    expect(dom.querySelector('[aria-selected=true]')?.textContent).toBe('规则');
    expect(text('.field .wrong')).toEqual([
      '「https://a.cn/path」不是网页来源，应如 https://www.example.cn，后面不带路径',
    ]);
    expect(dom.querySelector('#site-origins')?.getAttribute('aria-invalid')).toBe('true');
    expect(writes).toEqual([]);
    await type('#site-origins', 'https://a.cn');
    expect(text('.field .wrong')).toEqual([]);
  });

  it('brings a logo to the server, shows it, saves it, and takes it away again', async () => {
    const { dom, writes, press, button, choose } = await open();
    expect(dom.querySelector('.plate img')?.getAttribute('alt')).toBe('星桥网上营业厅的标志');
    await choose(new File(['bytes'], 'a.png', { type: 'image/png' }));
    expect(button('正在上传…')?.disabled).toBe(true);
    await vi.waitFor(() => expect(dom.querySelector('.plate img')?.getAttribute('src')).toBe('/fresh.png'));
    expect(writes[0]).toEqual({
      method: 'POST',
      path: '/api/v1/channel/sites/s1/logo',
      body: { picture: 'bytes' },
    });
    await press('保存');
    await vi.waitFor(() => expect(writes[1]?.body).toMatchObject({ rev: 3, logo: 'fresh1' }));
    await vi.waitFor(() => expect(button('保存')).toBeUndefined());
    await press('移除');
    expect([dom.querySelector('.plate img'), document.activeElement?.textContent]).toEqual([null, '上传图片']);
    await vi.waitFor(() => expect(button('保存')?.disabled).toBe(false));
    await press('保存');
    await vi.waitFor(() => expect(writes[2]?.body).toMatchObject({ logo: null }));
  });

  it('says why a file is no logo: its own reasons before sending, and those of the server', async () => {
    const refused = () =>
      json({ status: 422, code: 'file.content_mismatch', title: '文件内容与它的类型不符', details: {} }, 422);
    const { writes, choose, text, dom } = await open(refused);
    await choose(new File(['<svg/>'], 'a.svg', { type: 'image/svg+xml' }));
    expect(text('#site-logo-wrong')[0]).toContain('SVG');
    await choose(new File([new Uint8Array(5 * 1024 * 1024 + 1)], 'a.png', { type: 'image/png' }));
    expect(text('#site-logo-wrong')[0]).toContain('超过 5 MB');
    expect(writes).toEqual([]);
    await choose(new File(['<svg/>'], 'a.png', { type: 'image/png' }));
    await vi.waitFor(() => expect(text('#site-logo-wrong')).toEqual(['文件内容与它的类型不符']));
    expect(dom.querySelector('.plate img')?.getAttribute('src')).toContain('data:');
  });

  it('takes no picture that comes after the form was put back', async () => {
    const answers: (() => void)[] = [];
    const { dom, press, type, choose } = await open(
      () => new Promise((resolve) => answers.push(() => resolve(undefined))),
    );
    await choose(new File(['one'], 'a.png', { type: 'image/png' }));
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    await type('#site-brand', '#0a5c36');
    await press('放弃修改');
    answers[0]?.();
    await new Promise((resolve) => setTimeout(resolve)); // what came too late has been heard by then
    expect(dom.querySelector('.plate img')?.getAttribute('src')).toContain('data:');
  });

  it('says at the logo that it has expired, and goes there', async () => {
    const gone = () =>
      json({ status: 422, code: 'site.logo_gone', title: '上传的标志已过期，请重新上传', details: {} }, 422);
    const { dom, press, type, text } = await open(gone);
    await press('规则');
    await type('#site-name', '改名');
    await press('保存');
    await vi.waitFor(() => expect(text('.field .wrong')).toContain('没有接受：上传的标志已过期，请重新上传'));
    expect(dom.querySelector('[aria-selected=true]')?.textContent).toContain('外观');
  });

  it('warns of a colour nobody can read white on', async () => {
    const { type, text } = await open();
    await type('#site-brand', '#ffcc00');
    expect(text('.poor')[0]).toContain('1.5:1');
    await type('#site-brand', '#0a5c36');
    expect(text('.poor')).toEqual([]);
  });

  it('moves questions, keeps the hand where it is, and offers six at most', async () => {
    const { dom, press, button, text, writes } = await open();
    await press('文字');
    await press('下移第 1 个问题');
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('aria-label')).toBe('下移第 2 个问题'));
    await press('删除第 4 个问题');
    for (let n = 0; n < 3; n += 1) await press('添加问题');
    expect([dom.querySelectorAll('ol input').length, button('添加问题')?.disabled]).toEqual([6, true]);
    await press('保存');
    await nextTick();
    expect(text('li .wrong')).toEqual(['请填写', '请填写', '请填写']);
    for (let n = 0; n < 3; n += 1) await press('删除第 4 个问题');
    await press('保存');
    await vi.waitFor(() => expect(writes).toHaveLength(1));
    expect(writes[0]?.body.profile?.hot_questions).toEqual(['宽带网速很慢', '这个月话费变多了', '流量用完怎么算']);
  });

  it('tells when somebody else was faster, and what the server would not take', async () => {
    const conflict = () => json({ status: 409, code: 'site.changed', title: 'x', details: { rev: 9 } }, 409);
    const { dom, press, type, text, button } = await open(conflict);
    await type('#site-brand', '#0a5c36');
    await press('保存');
    await vi.waitFor(() => expect(text('footer .wrong')[0]).toContain('刚刚被别人修改过'));
    expect(button('保存')?.disabled).toBe(true);
    await press('载入最新内容');
    expect(dom.querySelector('dialog')?.textContent).toContain('刚才的修改就没有了');
    await press('取消');
    expect(dom.querySelector<HTMLInputElement>('#site-brand')?.value).toBe('#0a5c36');
    await press('载入最新内容');
    await press('放弃并载入');
    await vi.waitFor(() => expect(button('保存')).toBeUndefined());
    expect(dom.querySelector('dialog')).toBeNull();
  });

  it('keeps what is typed while it saves, and saves that next', async () => {
    let answered = () => {};
    const slow = new Promise<undefined>((resolve) => {
      answered = () => resolve(undefined);
    });
    const { dom, press, type, button, writes } = await open(() => slow);
    await type('#site-brand', '#0a5c36');
    await press('保存');
    await vi.waitFor(() => expect(writes).toHaveLength(1));
    await type('#site-brand', '#1a66ff');
    answered();
    await vi.waitFor(() => expect(button('保存')?.disabled).toBe(false));
    expect(dom.querySelector<HTMLInputElement>('#site-brand')?.value).toBe('#1a66ff');
    await press('保存');
    await vi.waitFor(() => expect(writes).toHaveLength(2));
    expect(writes[1]?.body).toMatchObject({ rev: 4, profile: { brand: '#1a66ff' } });
    await vi.waitFor(() => expect(button('保存')).toBeUndefined());
  });

  it('lets somebody whose session ended go to the door without a question', async () => {
    const { dom, router, type } = await open();
    await type('#site-brand', '#0a5c36');
    await router.push('/login');
    expect(dom.textContent).toContain('door');
  });

  it('asks before unsaved changes are left', async () => {
    const { dom, router, press, type } = await open();
    await type('#site-brand', '#0a5c36');
    void router.push('/site');
    await vi.waitFor(() => expect(dom.querySelector('dialog')?.textContent).toContain('放弃没有保存的修改'));
    await press('取消');
    await vi.waitFor(() => expect(dom.querySelector('dialog')).toBeNull());
    expect(router.currentRoute.value.path).toBe('/site/s1');
    const unload = new Event('beforeunload', { cancelable: true });
    window.dispatchEvent(unload);
    expect(unload.defaultPrevented).toBe(true);
    void router.push('/site');
    await vi.waitFor(() => expect(dom.querySelector('dialog')).not.toBeNull());
    await press('放弃并离开');
    await vi.waitFor(() => expect(dom.textContent).toContain('list'));
  });

  it('shows a key once, and keys that no longer count with their end', async () => {
    const { dom, press, writes, text } = await open();
    await press('身份密钥');
    await vi.waitFor(() => expect(text('tbody .tag')[0]).toBe('有效'));
    expect(text('tbody .tag')[1]).toMatch(/停用$/);
    await press('新建密钥');
    await vi.waitFor(() => expect(dom.querySelector('dialog code')?.textContent).toBe('the-only-time'));
    await press('已存好');
    await vi.waitFor(() => expect(dom.querySelector('dialog')).toBeNull());
    expect(dom.textContent).not.toContain('the-only-time');
    await press('停用');
    await press('停用密钥');
    await vi.waitFor(() =>
      expect(writes.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/v1/channel/secrets/k2' }),
    );
  });

  it('shows who changed what', async () => {
    const { press, text } = await open();
    await press('修改记录');
    await vi.waitFor(() => expect(text('dt')).toEqual(['默认长辈版', '可选技能组', '品牌颜色']));
    expect(text('dd del')).toEqual(['是', '#1a66ff']);
    expect(text('dd ins')).toEqual(['否', '投诉建议', '#c8102e']);
  });

  it('tells the preview what stands in the form', async () => {
    const { dom, type } = await open();
    const frame = dom.querySelector('iframe')!;
    const heard: PreviewLook[] = [];
    const behind = { postMessage: (message: { look: PreviewLook }) => heard.push(message.look) };
    Object.defineProperty(frame, 'contentWindow', { value: behind });
    const ready = new MessageEvent('message', {
      data: { preview: 'ready' },
      origin: location.origin,
      source: behind as never,
    });
    window.dispatchEvent(ready);
    expect(heard[0]).toMatchObject({ site: { title: '星桥客服', brand: '#c8102e' }, locale: 'zh-CN', theme: 'light' });
    await type('#site-brand', '#0a5c36');
    await vi.waitFor(() => expect(heard.at(-1)?.site.brand).toBe('#0a5c36'));
    expect(heard.at(-1)?.site.logo).toMatchObject({ width: 240, height: 64 });
    await type('#site-brand', '#0a5');
    await vi.waitFor(() => expect(heard.at(-1)?.site.brand).toBeUndefined());
    const stranger = vi.fn();
    const deaf = hearPreview(() => behind as never, stranger);
    window.dispatchEvent(
      new MessageEvent('message', {
        data: { preview: 'ready' },
        origin: 'https://evil.example',
        source: behind as never,
      }),
    );
    deaf();
    expect(stranger).not.toHaveBeenCalled();
  });
});
