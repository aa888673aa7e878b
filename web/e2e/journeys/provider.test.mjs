import assert from 'node:assert/strict';
import { violations } from '../harness/access.mjs';
import { journey } from '../harness/journey.mjs';
import { signInThere, startProvider } from '../harness/provider.mjs';
import { eventually } from '../harness/wait.mjs';

const THERE = /http:\/\/127\.0\.0\.1:\d+\/(interaction|auth|session|favicon)/;

/** Nothing for axe to find, light and dark, and nothing sticks out. */
async function sound(page, what) {
  for (const scheme of ['light', 'dark']) assert.deepEqual(await violations(page, scheme), [], `${what}, ${scheme}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${what} is ${wide} px too wide`);
}

async function set(scene, name, change) {
  const security = await scene.desk('zheng.jie');
  await security.page.goto(`${scene.server.url}/desk/setting`);
  const row = security.page.getByRole('row', { name });
  await row.getByRole('button', { name: /^编辑/ }).click();
  await change(security.page.getByLabel('值', { exact: true }));
  await security.page.getByRole('button', { name: '保存' }).click();
  await security.page.getByText('已保存，立即生效').waitFor();
  await security.context.close();
}

journey('an agent signs in at a real provider, proves themself there, and signs out of both', async (scene) => {
  const provider = await startProvider(scene.server.url);
  try {
    scene.disturb();
    await scene.server.stop();
    scene.server.environment = provider.environment;
    await scene.server.restart();

    const desk = await scene.desk('lin.xiao', { isAt: 'login', viewport: { width: 390, height: 844 } });
    const { page } = desk;
    desk.watch.allow(THERE);
    desk.watch.allow(/40[13].*\/api\/v1\/auth\/oidc\/finish$|422.*\/oidc\/finish$/);
    const there = page.getByRole('button', { name: '使用统一认证登录' });
    await there.waitFor();
    await sound(page, 'login with a provider');

    // Nobody is linked unless a setting says how.
    await there.click();
    await signInThere(page, 'u-1');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('您的统一认证账号还没有关联坐席账号').waitFor();
    assert.equal(new URL(page.url()).search, '', 'what counts once does not stay in the address');
    await sound(page, 'a refusal');
    await set(scene, /首次统一认证登录如何找到账号/, (field) => field.selectOption({ label: '用户名' }));

    // The provider knows who this is by now, and asks nothing.
    await page.getByRole('link', { name: '返回登录页' }).click();
    await there.click();
    await page.locator('.top').waitFor();
    await page.goto(`${scene.server.url}/desk/security`);
    await page.getByRole('heading', { name: '统一认证 已关联' }).waitFor();
    await page.locator('.sessions .tag', { hasText: '统一认证' }).first().waitFor();
    await sound(page, 'account security');

    // A sensitive call wants a proof; the window in which it is given closes by itself, or says that it may be closed.
    let isStale = true;
    await page.route('**/api/v1/auth/oidc/identity', async (route) => {
      if (route.request().method() !== 'DELETE' || !isStale) return route.fallback();
      isStale = false;
      const body = { type: 'about:blank', title: '请先验证身份', status: 403, code: 'step_up_required' };
      await route.fulfill({ status: 403, contentType: 'application/problem+json', json: body });
    });
    desk.watch.allow(/403.*\/auth\/oidc\/identity$/);
    await page.getByRole('button', { name: '解除关联' }).click();
    await page.getByRole('dialog', { name: '解除关联' }).getByRole('button', { name: '解除关联' }).click();
    const dialog = page.getByRole('dialog', { name: '再次验证身份' });
    await dialog.waitFor();
    await sound(page, 'step-up');
    const [window] = await Promise.all([
      desk.context.waitForEvent('page'),
      dialog.getByRole('button', { name: '去验证' }).click(),
    ]);
    await signInThere(window, 'u-1');
    await page.getByRole('heading', { name: '统一认证 未关联' }).waitFor();
    await eventually(async () =>
      assert.ok(window.isClosed() || (await window.getByText('可以关闭这个窗口').isVisible())),
    );

    // By hand it is linked again.
    await page.getByRole('button', { name: '关联', exact: true }).click();
    await page.getByRole('heading', { name: '统一认证 已关联' }).waitFor();

    // An administrator sees it, and takes it away; the person is out, and links again after signing in as the setting allows.
    const security = await scene.desk('zheng.jie');
    await security.page.goto(`${scene.server.url}/desk/staff`);
    await security.page.getByRole('button', { name: '林晓 的操作' }).click();
    await security.page.getByRole('menuitem', { name: '登录与安全' }).click();
    await security.page.getByText('对方账号编号 u-1').waitFor();
    await security.page.getByRole('button', { name: '解除关联' }).click();
    const ask = security.page.getByRole('dialog', { name: '解除关联' });
    await ask.getByRole('button', { name: '解除关联' }).click();
    await security.page.getByText('未关联').waitFor();
    await page.getByText('您的登录已被管理员结束，请重新登录').waitFor();
    await there.click();
    await page.getByRole('heading', { name: '账号安全' }).waitFor();

    await page.goto(`${scene.server.url}/desk/`);
    await page.getByRole('button', { name: /林晓/ }).first().click();
    await page.getByRole('menuitem', { name: '退出登录' }).click();
    await page.getByRole('link', { name: '同时退出统一认证' }).click();
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await there.waitFor();
    await there.click();
    await page.getByRole('link', { name: /Cancel/ }).click();
    await page.getByText('您在统一认证页面取消了登录').waitFor();
  } finally {
    await provider.stop();
  }
});

journey('while the provider is down people read so, and passwords kept for emergencies count', async (scene) => {
  const provider = await startProvider(scene.server.url);
  await provider.stop();
  await set(scene, /只允许这些账号用密码登录/, (field) => field.fill('zheng.jie'));
  scene.disturb();
  await scene.server.stop();
  scene.server.environment = provider.environment;
  await scene.server.restart();
  const desk = await scene.desk('zheng.jie', { isAt: 'login' });
  desk.watch.allow(/503.*\/oidc\/begin$|401.*\/auth\/login$/);
  const { page } = desk;
  await page.getByRole('button', { name: '使用统一认证登录' }).click();
  await page.getByRole('alert').filter({ hasText: '统一认证服务暂时无法访问' }).waitFor();
  assert.equal(await page.getByLabel('密码', { exact: true }).count(), 0);
  await sound(page, 'login without passwords');
  await page.getByRole('button', { name: '应急账号用密码登录' }).click();
  await desk.logIn(scene.server.passwords.get('zheng.jie'));
  await page.locator('.top').waitFor();
  const agent = await scene.desk('lin.xiao', { isAt: 'login' });
  agent.watch.allow(/401.*\/auth\/login$/);
  await agent.page.getByRole('button', { name: '应急账号用密码登录' }).click();
  await agent.logIn(scene.server.passwords.get('lin.xiao'));
  await agent.page.getByRole('alert').filter({ hasText: '账号或密码不正确' }).waitFor();
});
