import assert from 'node:assert/strict';
import { HostSite, logIn } from '../harness/host.mjs';
import { journey } from '../harness/journey.mjs';

/** The page asks its own server, as the guide says; what the server says can be made to go wrong. */
const IDENTIFY = `window.heard = [];
for (const name of ['identified', 'error']) yingda('on', name, (detail) => heard.push(name + ' ' + detail));
yingda('identify', () => fetch('/who').then((answer) => answer.text()).then((text) => text || null));`;
const SECRET = '我的身份证丢了';

/** One computer: the first customer talked, and left without a word; their session at the host ended by itself. */
async function usedBefore(scene, site) {
  site.script = IDENTIFY;
  const visitor = await site.visit(scene);
  await logIn(visitor.context, site.url, 'c-1');
  await visitor.page.reload();
  await visitor.openPanel();
  await visitor.hears('identified 张女士');
  await visitor.ask(SECRET);
  await visitor.settled();
  await logIn(visitor.context, site.url, 'c-2');
  return visitor;
}

async function assertNothingLeft({ page, panel }) {
  assert.equal(await panel.getByText(SECRET).count(), 0);
  const kept = await page.frame({ url: /panel\.html/ }).evaluate(() => JSON.stringify(localStorage));
  assert.ok(!/"yd:demo:(who|current|subject)"/.test(kept), kept);
}

function onShared(name, play) {
  journey(name, async (scene) => {
    const site = await HostSite.open(scene);
    try {
      await play(await usedBefore(scene, site), site, scene);
    } finally {
      site.close();
    }
  });
}

onShared(
  'a word that has ended opens the panel for nobody, not for the customer before',
  async (visitor, site, scene) => {
    visitor.watch.allow(/401/);
    site.ago = 3_600;
    await visitor.page.reload();
    await visitor.openPanel();
    await visitor.hears('error identity.expired');
    await visitor.panel.locator('.home').waitFor();
    await assertNothingLeft(visitor);
    // With the clock put right the next one is in, and the first one finds their talk at home.
    site.ago = 0;
    await visitor.reload();
    await visitor.hears('identified 李先生');
    await visitor.panel.locator('.home').waitFor();
    assert.equal(await visitor.panel.getByText(SECRET).count(), 0);
    const home = await scene.context();
    await logIn(home, site.url, 'c-1');
    const first = await site.visit(scene, { context: home });
    await first.openPanel();
    await first.sees(SECRET);
  },
);

onShared('a page that cannot say who is there shows nothing of anybody until it can', async (visitor, site, scene) => {
  visitor.watch.allow(/ERR_EMPTY_RESPONSE|Failed to fetch/);
  await logIn(visitor.context, site.url, 'c-1');
  site.isBroken = true;
  await visitor.page.reload();
  await visitor.page.locator('button.launch').click();
  visitor.panel = visitor.page.frameLocator('iframe.panel');
  await visitor.panel.getByRole('heading', { name: '暂时无法确认您的登录状态' }).waitFor();
  await visitor.hears('error identity.unavailable');
  assert.equal(await visitor.panel.getByText(SECRET).count(), 0);
  await scene.assertAccessible(visitor, 'the door');
  // It was the same customer after all: their talk is where it was.
  site.isBroken = false;
  await visitor.panel.getByRole('button', { name: '再试一次' }).click();
  await visitor.sees(SECRET);
  site.isBroken = true;
  await visitor.page.reload();
  await visitor.page.locator('button.launch').click();
  await visitor.panel.getByRole('button', { name: '以访客身份咨询' }).click();
  await visitor.panel.locator('.home').waitFor();
  await assertNothingLeft(visitor);
});

onShared(
  'with the panel open, a word that does not reach the server takes the former customer off the screen',
  async (visitor, site) => {
    visitor.watch.allow(/ERR_|Failed to (load|fetch)/);
    await logIn(visitor.context, site.url, 'c-1');
    await visitor.reload();
    await visitor.sees(SECRET);
    await visitor.page.route(`${site.service}/api/v1/visit/identify`, (route) => route.abort());
    await logIn(visitor.context, site.url, 'c-2');
    await visitor.page.evaluate(() =>
      fetch('/who')
        .then((answer) => answer.text())
        .then((word) => yingda('identify', word)),
    );
    await visitor.panel.locator('.home').waitFor();
    await assertNothingLeft(visitor);
  },
);
