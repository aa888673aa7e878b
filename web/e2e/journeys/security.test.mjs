import assert from 'node:assert/strict';
import { violations } from '../harness/access.mjs';
import { journey } from '../harness/journey.mjs';
import { code, nextCode } from '../harness/totp.mjs';
import { eventually } from '../harness/wait.mjs';

/** Nothing for axe to find, light and dark, and nothing sticks out of a telephone. */
async function sound(page, what) {
  for (const scheme of ['light', 'dark']) assert.deepEqual(await violations(page, scheme), [], `${what}, ${scheme}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${what} is ${wide} px too wide`);
}

journey('somebody sets a second factor up, logs in with it, and with a recovery code', async (scene) => {
  const desk = await scene.desk('lin.xiao', { viewport: { width: 390, height: 844 } });
  const { page } = desk;
  await page.goto(`${scene.server.url}/desk/security`);
  await page.getByRole('heading', { name: '双因素验证 未开启' }).waitFor();
  await sound(page, 'account security');
  await page.getByRole('link', { name: '开启' }).click();
  const secret = await page.locator('.scan code').innerText();
  assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  await page.getByRole('img', { name: '双因素验证的二维码' }).waitFor();
  await sound(page, 'enrolment');
  desk.watch.allow(/422.*second-factor/);
  await page.getByLabel('输入手机上显示的 6 位数字').fill('000000');
  await page.getByRole('button', { name: '确认', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('输入手机上显示的 6 位数字').fill(code(secret));
  await page.getByRole('button', { name: '确认', exact: true }).click();
  await page.getByRole('heading', { name: '恢复码' }).waitFor();
  const codes = await page.locator('.recovery code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await sound(page, 'recovery codes');
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '下载' }).click(),
  ]);
  assert.equal(saved.suggestedFilename(), 'yingda-lin.xiao.txt');
  assert.ok(await page.getByRole('button', { name: '完成' }).isDisabled(), 'not before they are kept');
  await page.getByLabel('我已经保存好恢复码').check();
  await page.getByRole('button', { name: '完成' }).click();
  await page.getByText('还有 10 个恢复码可用').waitFor();

  const again = await scene.desk('lin.xiao', { isAt: 'door', viewport: { width: 390, height: 844 } });
  again.watch.allow(/401.*\/api\/v1\/auth\/login\/code$/);
  await again.page.getByRole('heading', { name: '双因素验证' }).waitFor();
  await sound(again.page, 'second step');
  await again.page.getByLabel('手机验证码').fill('000000');
  await again.page.getByRole('alert').filter({ hasText: '验证码不正确或已经用过' }).waitFor();
  await again.page.getByLabel('手机验证码').fill(nextCode(secret));
  await again.page.locator('.top').waitFor();

  const third = await scene.desk('lin.xiao', { isAt: 'door' });
  await third.page.getByRole('button', { name: '手机不在身边，用恢复码' }).click();
  await third.page.getByLabel('恢复码').fill(codes[0]);
  await third.page.getByRole('button', { name: '登录', exact: true }).click();
  await third.page.locator('.top').waitFor();
  await third.page.goto(`${scene.server.url}/desk/security`);
  await third.page.getByText('还有 9 个恢复码可用').waitFor();
  await third.page.getByRole('button', { name: '结束其他全部登录' }).click();
  await again.page.getByText('您的登录已被管理员结束，请重新登录').waitFor();
});

journey(
  'who must have a second factor is led to it before anything else, and an administrator takes it away',
  async (scene) => {
    const security = await scene.desk('zheng.jie');
    await security.page.goto(`${scene.server.url}/desk/setting`);
    const row = security.page.getByRole('row', { name: /要求双因素/ });
    await row.getByRole('button', { name: /^编辑/ }).click();
    await security.page.getByLabel('值').selectOption({ label: '所有人' });
    await security.page.getByRole('button', { name: '保存' }).click();
    await security.page.getByText('已保存，立即生效').waitFor();
    await eventually(async () => assert.match(await row.innerText(), /所有人/));

    const agent = await scene.desk('zhou.zihan', { isAt: 'door' });
    const { page } = agent;
    await page.getByText('按规定，登录时除密码外还要输入手机验证码').waitFor();
    await page.goto(`${scene.server.url}/desk/conversation`);
    await page.getByText('按规定，登录时除密码外还要输入手机验证码').waitFor();
    const secret = await page.locator('.scan code').innerText();
    await page.getByLabel('输入手机上显示的 6 位数字').fill(code(secret));
    await page.getByRole('button', { name: '确认', exact: true }).click();
    await page.getByLabel('我已经保存好恢复码').check();
    await page.getByRole('button', { name: '完成' }).click();
    await page.locator('.top').waitFor();

    await security.page.goto(`${scene.server.url}/desk/staff`);
    await security.page.getByRole('button', { name: '周子涵 的操作' }).click();
    await security.page.getByRole('menuitem', { name: '登录与安全' }).click();
    const dialog = security.page.getByRole('dialog', { name: '周子涵 的登录与安全' });
    await dialog.getByRole('button', { name: '解除双因素' }).click();
    await security.page.getByRole('dialog', { name: '解除双因素' }).getByRole('button', { name: '解除双因素' }).click();
    await dialog.getByText('未开启，下次登录时必须设置').waitFor();
    await page.getByText('您的登录已被管理员结束，请重新登录').waitFor();
  },
);
