import assert from 'node:assert/strict';
import { HostSite, logIn } from '../harness/host.mjs';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

/** The page asks its own server who is logged in, as the guide says. */
const IDENTIFY =
  "yingda('identify', () => fetch('/who').then((answer) => answer.text()).then((text) => text || null));";
const HEAR = `window.heard = [];
for (const name of ['ready', 'open', 'close', 'unread', 'identified', 'error', 'started', 'message'])
  yingda('on', name, (detail) => heard.push(name + (detail === undefined ? '' : ' ' + detail)));`;
const heard = (page) => page.evaluate(() => window.heard);
const hearing = (page, what) =>
  eventually(async () => assert.ok((await heard(page)).includes(what), `${await heard(page)}`));

function onHost(name, play) {
  journey(name, async (scene) => {
    const site = await HostSite.open(scene);
    try {
      await play(scene, site);
    } finally {
      site.close();
    }
  });
}

onHost(
  'a page with the strictest policy, hostile styles and patched prototypes has its widget',
  async (scene, site) => {
    site.script = `${HEAR}
    Array.prototype.first = function () { return this[0]; };
    Object.prototype.method = 'POST';
    Object.prototype.once = true;
    Array.prototype.toJSON = function () { return 'patched'; };
    yingda('page', { url: 'https://mall.example/cart', title: '购物车' });
    yingda('no such command'); yingda('on', 'ready', 'not a function'); yingda('page'); yingda('constructor');`;
    site.style = `* { all: unset !important; position: fixed !important; visibility: hidden !important }
    body * { transform: rotate(9deg) !important; filter: blur(2px) !important; opacity: 0.2 !important }
    body *::before, body *::after { content: "x" !important; position: fixed !important; inset: 0 !important; z-index: 2147483647 !important }
    body, #fact { visibility: visible !important }`;
    const visitor = await site.visit(scene);
    const { page } = visitor;
    const launcher = page.locator('button.launch');
    await launcher.waitFor();
    const box = await launcher.boundingBox();
    assert.deepEqual([box.width, box.height].map(Math.round), [60, 60], 'rules of the page do not reach the button');
    assert.ok(box.x > 1100 && box.y > 600, `it stands in its corner: ${JSON.stringify(box)}`);
    await hearing(page, 'ready');
    await visitor.openPanel();
    await visitor.ask('能看到吗');
    await visitor.settled();
    const desk = await scene.desk('lin.xiao');
    await desk.setAccepting(true);
    await desk.pick('能看到吗');
    await desk.say('看到了');
    await visitor.sees('看到了');
    for (const what of ['open', 'started', 'message']) await hearing(page, what);
    await page.evaluate(() => yingda('toggle'));
    await page.locator('iframe.panel').waitFor({ state: 'hidden' });
    assert.equal(
      await page.evaluate(() =>
        Object.keys(window)
          .filter((name) => /yingda/i.test(name))
          .join(),
      ),
      'yingda',
    );
  },
);

onHost('a single-page app takes the widget away and brings it back', async (scene, site) => {
  site.script = HEAR;
  const visitor = await site.visit(scene);
  const { page } = visitor;
  await page.locator('button.launch').waitFor();
  await page.evaluate(() => yingda('destroy'));
  await page.locator('yingda-widget').waitFor({ state: 'detached' });
  await page.evaluate(() => {
    yingda('open');
    yingda('init');
    yingda('open');
  });
  await visitor.findPanel();
  await page.evaluate(() => {
    const again = document.createElement('script');
    again.dataset.key = 'demo';
    document.head.append(again);
  });
  assert.equal(await page.locator('yingda-widget').count(), 1);
});

onHost(
  'who logs in takes the talk along when they say so, and who logs out leaves nothing behind',
  async (scene, site) => {
    site.script = `${HEAR}\n${IDENTIFY}`;
    const visitor = await site.visit(scene);
    const { page, context } = visitor;
    await visitor.openPanel();
    await visitor.ask('宽带断了');
    await visitor.settled();
    const desk = await scene.desk('lin.xiao');
    await desk.setAccepting(true);
    await desk.pick('宽带断了');

    await logIn(context, site.url, 'c-1');
    await page.reload();
    await visitor.openPanel();
    await visitor.sees('宽带断了');
    await visitor.say('登录了，还是我');
    await desk.sees('登录了，还是我');
    await visitor.panel.getByRole('heading', { name: '把刚才的对话并入我的账户？' }).waitFor();
    await scene.assertAccessible(visitor, 'the question what to do with the talk');
    await visitor.panel.getByRole('button', { name: '并入' }).click();
    await visitor.thread.getByText('对话已并入您的账户：张女士').waitFor();
    assert.equal(await visitor.panel.locator('.attach').count(), 0);
    await desk.thread.getByText('客户已登录：张女士').waitFor();
    await desk.head.getByText('张女士').waitFor();
    await desk.say('张女士您好');
    await visitor.sees('张女士您好');
    await hearing(page, 'identified 张女士');

    // A second tab of the same browser, then the log-out in the first.
    const second = await site.visit(scene, { context });
    await second.openPanel();
    await second.sees('张女士您好');
    await logIn(context, site.url, undefined);
    await page.evaluate(() => yingda('identify', null));
    for (const tab of [visitor, second]) {
      await tab.panel.locator('.home').waitFor();
      assert.equal(await tab.panel.getByText('张女士您好').count(), 0);
    }
    const kept = await page.frame({ url: /panel\.html/ }).evaluate(() => JSON.stringify(localStorage));
    assert.ok(!/"yd:demo:(who|current)"/.test(kept), kept);

    // The next one at this computer; and the first one at home.
    await logIn(context, site.url, 'c-2');
    await page.reload();
    await hearing(page, 'ready');
    await visitor.openPanel();
    await hearing(page, 'identified 李先生');
    await visitor.panel.locator('.home').waitFor();
    assert.equal(await visitor.panel.getByText('张女士您好').count(), 0);
    const home = await scene.context();
    await logIn(home, site.url, 'c-1');
    const at = await site.visit(scene, { context: home });
    await at.openPanel();
    await at.sees('张女士您好');
  },
);

onHost('a browser that keeps third parties from storage, locks and channels still talks', async (scene, site) => {
  site.script = IDENTIFY;
  const context = await scene.context();
  await logIn(context, site.foreignUrl, 'c-1');
  const visitor = await site.visit(scene, {
    context,
    url: site.foreignUrl,
    prepare: () => {
      if (window === parent) return;
      const refuse = () => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      };
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { get: refuse, configurable: true });
      window.BroadcastChannel = refuse;
      navigator.locks.request = () => Promise.reject(new DOMException('not here', 'SecurityError'));
    },
  });
  await visitor.openPanel();
  await visitor.ask('存不下东西也能聊');
  await visitor.settled();
  const desk = await scene.desk('lin.xiao');
  await desk.setAccepting(true);
  await desk.pick('存不下东西也能聊');
  await desk.say('能');
  await visitor.sees('能');
  await desk.head.getByText('张女士').waitFor();
});

onHost('a server that is down, or hangs, leaves the page as it was', async (scene, site) => {
  const context = await scene.context();
  const { page, watch } = await scene.page(context, 'page without a widget');
  watch.allow(/ERR_|Failed to (load|fetch)/);
  const isUntouched = async () => {
    await page.getByRole('button', { name: '页面自己的按钮' }).click({ timeout: 5_000 });
    assert.equal(await page.locator('yingda-widget').count(), 0);
    assert.ok(
      await page.evaluate(
        () =>
          document.elementFromPoint(1220, 660) === document.documentElement ||
          document.elementFromPoint(1220, 660) === document.body,
      ),
    );
  };
  await page.route(`${site.service}/**`, (route) => route.abort());
  await page.goto(site.url);
  await isUntouched();
  await page.unroute(`${site.service}/**`);
  await page.route(`${site.service}/api/**`, (route) => route.fulfill({ status: 500, body: 'no' }));
  await page.goto(site.url);
  await isUntouched();
  await page.unroute(`${site.service}/api/**`);
  await page.route(`${site.service}/api/**`, () => {});
  await page.goto(site.url);
  await isUntouched();
  await page.unroute(`${site.service}/api/**`);
  // The panel never comes up: the button waits beside the page, and nothing covers it.
  await page.route(`${site.service}/widget/**`, () => {});
  await page.goto(site.url, { waitUntil: 'commit' });
  await page.locator('button.launch').click();
  await page.getByRole('button', { name: '页面自己的按钮' }).click();
  await page.locator('yingda-widget').waitFor({ state: 'detached', timeout: 20_000 });
});

onHost('a page asks for large type; what the visitor chooses in the panel counts more', async (scene, site) => {
  site.script = "yingda('care', true);";
  const visitor = await site.visit(scene);
  const launcher = visitor.page.locator('button.launch');
  await launcher.getByText('联系客服').waitFor();
  await visitor.openPanel();
  const size = () => visitor.panel.locator('html').getAttribute('data-yd-care-size');
  await eventually(async () => assert.equal(await size(), '20'));
  await visitor.panel.getByRole('button', { name: '字号' }).click();
  await visitor.panel.getByRole('button', { name: '超大' }).click();
  assert.equal(await size(), '30');
  const { width } = await visitor.page.locator('iframe.panel').boundingBox();
  assert.ok(width > 450, `the panel has more room: ${width}`);

  await visitor.page.evaluate(() => window.yingda('care', false));
  await eventually(async () => assert.equal(await launcher.getByText('联系客服').isVisible(), false));
  assert.equal(await size(), '30');
  await visitor.panel.getByRole('button', { name: '回到标准版' }).click();
  assert.equal(await size(), null);
  await visitor.page.evaluate(() => window.yingda('care', true));
  await visitor.reload();
  assert.equal(await size(), null);
});
