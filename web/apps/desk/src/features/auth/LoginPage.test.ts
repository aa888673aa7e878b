import { describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import LoginPage from './LoginPage.vue';

/** The login, and a way to answer its question what there is. */
async function login() {
  let tell = (_offer: object, _status?: number) => {};
  const offer = new Promise<Response>((resolve) => {
    tell = (body, status = 200) => resolve(new Response(JSON.stringify(body), { status }));
  });
  const { page } = await stage(
    afternoon(),
    () => () => h(LoginPage),
    () => offer,
  );
  return { page, tell, form: () => page.querySelector('form') };
}

describe('the login', () => {
  it('draws no form for passwords before it is known whether they count', async () => {
    const { page, tell, form } = await login();
    expect(form()).toBeNull();
    tell({ label: '员工门户', password: false });
    await vi.waitFor(() => expect(page.textContent).toContain('使用员工门户登录'));
    expect(form()).toBeNull();
    page.querySelector<HTMLButtonElement>('.link')!.click();
    await nextTick();
    expect(document.activeElement?.id).toBe('account');
  });

  it('has the form, and the hand in it, when nobody can say', async () => {
    const { tell, form } = await login();
    tell({ code: 'internal', title: 'x', status: 500 }, 500);
    await vi.waitFor(() => expect(form()).not.toBeNull());
    expect(document.activeElement?.id).toBe('account');
  });
});
