import assert from 'node:assert/strict';
import { launch } from '../harness/browser.mjs';
import { HostSite, logIn } from '../harness/host.mjs';
import { journey, journeysIn } from '../harness/journey.mjs';
import { Visitor } from '../harness/visitor.mjs';
import { eventually } from '../harness/wait.mjs';

async function onHost(scene, play) {
  const site = await HostSite.open(scene);
  try {
    await play(site);
  } finally {
    site.close();
  }
}

journey('of several tabs one sends, another one takes over, and every word goes out once', async (scene) => {
  const { visitor, desk } = await scene.talk('开了两个网页');
  const second = new Visitor();
  Object.assign(second, {
    stage: scene,
    locale: 'zh-CN',
    words: visitor.words,
    context: visitor.context,
    origin: visitor.origin,
  });
  const sent = { first: 0, second: 0 };
  const count = (page, who) =>
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (/"type":"send"/.test(payload)) sent[who] += 1;
      }),
    );
  count(visitor.page, 'first');
  await visitor.reload();
  await second.open();
  count(second.page, 'second');
  await second.reload();
  await second.sees('开了两个网页');

  await scene.setOffline(visitor, true);
  await eventually(async () => assert.match(await second.status.innerText(), /重连中|网络已断开/));
  for (const [tab, text] of [
    [visitor, '甲一'],
    [second, '乙一'],
    [visitor, '甲二'],
    [second, '乙二'],
  ]) {
    await tab.say(text);
    await tab.said(text).getByText('待发送').waitFor();
  }
  await scene.setOffline(visitor, false);
  await visitor.settled();
  await second.settled();
  const all = ['开了两个网页', '甲一', '乙一', '甲二', '乙二'];
  for (const who of [desk, visitor, second])
    await eventually(async () => assert.deepEqual((await who.texts()).toSorted(), all.toSorted()));
  assert.equal(sent.first + sent.second, 4, JSON.stringify(sent));
  assert.ok(sent.first === 0 || sent.second === 0, `one of the two sends: ${JSON.stringify(sent)}`);

  // The tab that sends is closed; what the other one says goes out all the same.
  const [sender, other] = sent.first > 0 ? [visitor, second] : [second, visitor];
  await sender.page.close();
  await other.say('只剩一个网页了');
  await desk.sees('只剩一个网页了');
  await other.settled();
});

journey('a page in a frame of another page has its widget', async (scene) => {
  await onHost(scene, async (site) => {
    const visitor = await site.visit(scene, { url: `${site.foreignUrl}/around` });
    const inner = visitor.page.frameLocator('#inner');
    await inner.locator('button.launch').click();
    visitor.panel = inner.frameLocator('iframe.panel');
    await visitor.panel.locator('header h1').waitFor();
    await visitor.ask('页面套着页面');
    await visitor.settled();
    const desk = await scene.desk('lin.xiao');
    await desk.setAccepting(true);
    await desk.pick('页面套着页面');
    await desk.say('收到');
    await visitor.sees('收到');
  });
});

journey('a page that brings the widget only after its load event has it', async (scene) => {
  await onHost(scene, async (site) => {
    site.hasWidget = false;
    site.wantsTrustedTypes = false;
    site.script = `addEventListener('load', () => {
      const widget = document.createElement('script');
      Object.assign(widget, { src: '${site.service}/widget.js', async: true });
      widget.dataset.key = 'demo';
      document.head.append(widget);
    });`;
    const visitor = await site.visit(scene);
    await visitor.openPanel();
    await visitor.panel.getByRole('button', { name: '人工客服' }).waitFor();
  });
});

journey('in a web view the panel stands alone, on a narrow screen, under a finger', async (scene) => {
  const visitor = new Visitor();
  Object.assign(visitor, { stage: scene, locale: 'zh-CN', words: { ask: '说说遇到了什么', say: '输入消息' } });
  visitor.context = await scene.context({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  Object.assign(visitor, await scene.page(visitor.context, 'web view'));
  visitor.panel = visitor.page;
  await visitor.page.goto(`${scene.server.url}/widget/panel.html?key=demo&locale=zh-CN`);
  await visitor.page.locator('.hot button').first().tap();
  await visitor.settled();
  const question = (await visitor.texts())[0];
  const desk = await scene.desk('lin.xiao');
  await desk.setAccepting(true);
  await desk.pick(question);
  await desk.say('在手机上也能看到');
  await visitor.sees('在手机上也能看到');
  await visitor.editor.tap();
  await visitor.say('能');
  await desk.sees('能');
  const fits = () => document.documentElement.scrollWidth <= innerWidth;
  assert.ok(await visitor.page.evaluate(fits), 'nothing hangs over the edge');
  const small = await visitor.page
    .locator('.composer button:visible, .head button:visible')
    .evaluateAll(
      (all) =>
        all.map((one) => one.getBoundingClientRect()).filter(({ width, height }) => Math.min(width, height) < 44)
          .length,
    );
  assert.equal(small, 0, 'each target is as large as a finger');
  await visitor.page.reload();
  await visitor.sees('能');
});

journeysIn(() => launch({ keepsPages: true }))(
  'a page that comes back as it was asks again who is there',
  async (scene) => {
    await onHost(scene, async (site) => {
      site.script = `window.shown = 0; addEventListener('pageshow', ({ persisted }) => persisted && (shown += 1));
    window.heard = []; yingda('on', 'identified', (name) => heard.push('identified ' + name));
    yingda('identify', () => fetch('/who').then((answer) => answer.text()).then((text) => text || null));`;
      const visitor = await site.visit(scene);
      const { page, context } = visitor;
      await page.locator('button.launch').waitFor();
      await page.goto(`${site.url}/?next`);
      await page.locator('button.launch').waitFor();
      await page.goBack({ waitUntil: 'commit' });
      await eventually(async () =>
        assert.equal(await page.evaluate(() => window.shown), 1, 'the launcher keeps no page from being kept'),
      );
      await logIn(context, site.url, 'c-1');
      visitor.watch.allow(/Back-Forward Cache/);
      await visitor.openPanel();
      await visitor.hears('identified 张女士');
      await visitor.ask('返回以后');
      await visitor.settled();
      // Another customer logs in on the next page, and somebody goes back: whether or not it was kept, nothing of the first is there.
      await page.goto(`${site.url}/?other`);
      await page.locator('button.launch').waitFor();
      await logIn(context, site.url, 'c-2');
      await page.goBack({ waitUntil: 'commit' });
      // A page that was not kept begins with its panel closed.
      await eventually(async () => {
        await page.evaluate(() => yingda('open'));
        assert.match(await drawn(page), /大家都在问/);
      });
      await visitor.hears('identified 李先生');
      assert.doesNotMatch(await drawn(page), /返回以后/);
    });
  },
);

/** All text of a page and the frames in it, as the browser holds it: Playwright does not know frames of a page that was kept. */
async function drawn(page) {
  const client = await page.context().newCDPSession(page);
  const { root } = await client.send('DOM.getDocument', { depth: -1, pierce: true });
  await client.detach();
  return JSON.stringify(root);
}
