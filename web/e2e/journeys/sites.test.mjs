import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

const PICTURES = process.env.E2E_PICTURES;
const picture = async ({ page }, name) => PICTURES && writeFile(`${PICTURES}/${name}.png`, await page.screenshot());

journey('a site is set in the desk: seen before it is saved, and by customers after', async (scene) => {
  const system = await scene.desk('wu.hao', { viewport: { width: 1440, height: 900 } });
  const { page } = system;
  await page.getByRole('link', { name: '站点' }).click();
  await page.getByRole('row', { name: /demo/ }).getByRole('link').click();
  const outer = page.frameLocator('iframe[title="站点预览"]');
  const inner = outer.frameLocator('iframe.panel');
  await inner.getByRole('button', { name: '人工客服' }).waitFor();
  await picture(system, 'look');

  // The look: a warning for a colour nobody can read on, and a corner the real launcher moves to.
  await page.getByLabel('品牌颜色', { exact: true }).fill('#ffcc00');
  await page.getByText(/白字在这个颜色上看不清/).waitFor();
  await picture(system, 'poor');
  await page.getByLabel('品牌颜色', { exact: true }).fill('#0a5c36');
  await page.getByLabel('左下角').check();
  await eventually(async () => {
    const box = await outer.locator('iframe.panel').boundingBox();
    const around = await page.locator('iframe[title="站点预览"]').boundingBox();
    assert.ok(box.width < around.width * 0.7 && box.x - around.x < 60, JSON.stringify([box, around]));
  });
  const brand = (frame) =>
    frame.locator('html').evaluate((root) => getComputedStyle(root).getPropertyValue('--yd-brand').trim());
  await eventually(async () => assert.equal(await brand(inner), '#0a5c36'));

  // The words, in each language; what is written shows itself, and nobody is asked anything from the preview.
  await page.getByRole('tab', { name: '文字' }).click();
  await page.getByLabel('欢迎语').fill('欢迎光临新的营业厅');
  await inner.getByText('欢迎光临新的营业厅').waitFor();
  await page.getByRole('button', { name: '删除第 6 个问题' }).click();
  await page.getByRole('button', { name: '添加问题' }).click();
  await page.keyboard.type('<b>怎么开发票</b>');
  await inner.getByText('<b>怎么开发票</b>').waitFor();
  await inner.getByText('<b>怎么开发票</b>').click();
  await inner.getByText('正在为您接通').waitFor();
  await page.getByLabel('English').check();
  await page.getByLabel('欢迎语').fill('Welcome to the new hall');
  await inner.getByText('Welcome to the new hall').waitFor();
  await scene.assertAccessible(system, 'the texts of a site');
  await picture(system, 'words');

  // Leaving asks; a wrong origin is named where it stands; the server has seen nothing so far.
  await page.getByRole('link', { name: '全部站点' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '取消' }).click();
  await page.getByRole('tab', { name: '规则' }).click();
  await page.getByLabel('可以放客服的网页来源').fill('https://shop.example/index.html');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText(/不是网页来源/).waitFor();
  await picture(system, 'rules');
  const visitor = await scene.visitor();
  assert.equal(await visitor.panel.getByText('欢迎光临新的营业厅').count(), 0);
  assert.equal(await visitor.panel.getByText('怎么开发票').count(), 0);
  await page.getByLabel('可以放客服的网页来源').fill('https://shop.example');
  await page.keyboard.press('Control+s');
  await page.getByText('已保存，新打开的网页立即生效').waitFor();
  await visitor.reload();
  await visitor.panel.getByText('欢迎光临新的营业厅').waitFor();
  await visitor.panel.getByText('<b>怎么开发票</b>').waitFor();
  assert.equal(await brand(visitor.panel), '#0a5c36');
  const english = await scene.visitor({ locale: 'en' });
  await english.panel.getByText('Welcome to the new hall').waitFor();

  // A key is shown once, and signs; then it is retired.
  await page.getByRole('tab', { name: '身份密钥' }).click();
  await page.getByRole('button', { name: '新建密钥' }).click();
  const once = page.getByRole('dialog', { name: '新密钥' });
  const text = await once.locator('code').innerText();
  assert.equal(text.length, 43);
  await once.getByRole('button', { name: '已存好' }).click();
  await page.getByRole('row', { name: /有效/ }).waitFor();
  assert.equal(await page.getByText(text).count(), 0);
  await page.getByRole('button', { name: '停用' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: '停用密钥' }).click();
  await page.getByRole('row', { name: /停用/ }).waitFor();

  await page.getByRole('tab', { name: '接入代码' }).click();
  await page
    .getByText(`<script src="${scene.server.url}/widget.js" data-key="demo" data-locale="zh-CN" async></script>`)
    .waitFor();
  await scene.assertAccessible(system, 'the embed code');
  await picture(system, 'embed');
  await page.getByRole('tab', { name: '修改记录' }).click();
  await page.getByText('停用了身份密钥').waitFor();
  await page.getByRole('definition').filter({ hasText: '#0a5c36' }).first().waitFor();
  await scene.assertAccessible(system, 'the history of a site');
  await picture(system, 'history');
});

journey('of two who change a site at once the second one is told, and loses nothing unasked', async (scene) => {
  const open = async () => {
    const desk = await scene.desk('wu.hao', { viewport: { width: 390, height: 844 }, theme: 'dark' });
    await desk.page.goto(`${scene.server.url}/desk/site`);
    await desk.page.getByRole('row', { name: /demo/ }).getByRole('link').click();
    await desk.page.getByRole('tab', { name: '文字' }).click();
    return desk;
  };
  const [first, second] = [await open(), await open()];
  await first.page.getByLabel('欢迎语').fill('第一个');
  await second.page.getByLabel('欢迎语').fill('第二个');
  await first.page.getByRole('button', { name: '保存' }).click();
  await first.page.getByText('已保存').waitFor();
  second.watch.allow(/409.*channel\/sites/);
  await second.page.getByRole('button', { name: '保存' }).click();
  await second.page.getByText('这个站点刚刚被别人修改过').waitFor();
  assert.equal(await second.page.getByLabel('欢迎语').inputValue(), '第二个');
  await picture(second, 'phone');
  assert.ok(await second.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing hangs over');
  await second.page.getByRole('button', { name: '载入最新内容' }).click();
  await second.page.getByRole('button', { name: '放弃并载入' }).click();
  await eventually(async () => assert.equal(await second.page.getByLabel('欢迎语').inputValue(), '第一个'));
});

journey('a site gets a logo: seen before it is saved, by customers after, and taken away again', async (scene) => {
  const system = await scene.desk('wu.hao', { viewport: { width: 1440, height: 900 } });
  const { page } = system;
  await page.getByRole('link', { name: '站点' }).click();
  await page.getByRole('row', { name: /demo/ }).getByRole('link').click();
  const inner = page.frameLocator('iframe[title="站点预览"]').frameLocator('iframe.panel');
  await inner.getByRole('button', { name: '人工客服' }).waitFor();
  const file = page.locator('input[type=file]');
  const drawn = (frame) =>
    eventually(async () => {
      const width = await frame.locator('.head img').evaluate((one) => one.complete && one.naturalWidth);
      assert.equal(width, 512, 'made smaller, and shown');
    });

  const save = async () => {
    const button = page.getByRole('button', { name: '保存' });
    await button.click();
    await button.waitFor({ state: 'detached' });
  };

  // What is no picture is refused where it stands, by the desk and by the server.
  await file.setInputFiles({ name: 'a.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') });
  await page.getByText(/SVG 等其他格式请先另存为 PNG/).waitFor();
  system.watch.allow(/422.*\/logo/);
  await file.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('<svg/>') });
  await page.getByText('文件内容与它的类型不符').waitFor();

  await file.setInputFiles(await emblem(page));
  await drawn(inner);
  await scene.assertAccessible(system, 'the logo of a site');
  await picture(system, 'logo');
  const before = await scene.visitor();
  assert.equal(await before.panel.locator('.head img').count(), 0, 'customers do not see it before it is saved');
  await save();
  await before.reload();
  await drawn(before.panel);
  assert.equal(await before.panel.locator('.head img').getAttribute('alt'), '星桥通信网上营业厅');
  await picture(before, 'logo-customer');
  const dark = await scene.visitor({ theme: 'dark', viewport: { width: 390, height: 844 } });
  await drawn(dark.panel);
  await picture(dark, 'logo-phone');

  // A picture that does not come leaves its place to the mark, and nothing moves.
  const title = () => before.panel.locator('h1').evaluate((one) => JSON.stringify(one.getBoundingClientRect()));
  const stood = await title();
  before.watch.allow(/logos/);
  await before.page.route('**/channel/logos/**', (route) => route.abort());
  await before.reload();
  await before.panel.locator('.head .logo svg').waitFor();
  assert.equal(await title(), stood);

  await page.getByRole('link', { name: '全部站点' }).click();
  await page.getByRole('row', { name: /demo/ }).locator('img').waitFor();
  await picture(system, 'logo-list');
  await page.getByRole('row', { name: /demo/ }).getByRole('link').click();
  await page.getByRole('button', { name: '移除' }).click();
  await inner.locator('.head > svg.mark').waitFor();
  await save();
  await dark.reload();
  await dark.panel.locator('.head > svg.mark').waitFor();
  await page.getByRole('tab', { name: '修改记录' }).click();
  await page.getByRole('definition').filter({ hasText: '512 × 128' }).first().waitFor();
});

/** As logos come from a drawing program: large, dark words, nothing around them. */
async function emblem(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(2048, 512);
    const ink = canvas.getContext('2d');
    ink.fillStyle = '#0b3d91';
    ink.arc(256, 256, 220, 0, 7);
    ink.fill();
    ink.font = '700 340px sans-serif';
    ink.fillText('星桥通信', 540, 380);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())];
  });
  return { name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from(bytes) };
}
