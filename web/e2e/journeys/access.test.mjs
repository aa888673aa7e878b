import assert from 'node:assert/strict';
import { violations } from '../harness/access.mjs';
import { tabTo } from '../harness/input.mjs';
import { journey } from '../harness/journey.mjs';
import { careTour, tour } from '../harness/tour.mjs';

journey('axe-core finds nothing on any screen, light or dark', async (scene) => {
  const [found, seen] = [new Set(), new Set()];
  await tour(scene, 'zh-CN', async (room, state, page) => {
    for (const scheme of ['light', 'dark'])
      for (const line of await violations(page, scheme)) found.add(`${room}, ${state}, ${scheme}: ${line}`);
    seen.add(`${room}, ${state}`);
  });
  assert.ok(seen.size > 40, `only ${seen.size} screens were seen`);
  assert.deepEqual([...found], []);
});

journey(
  'axe-core finds nothing in large type, at any size, and nothing is pressed that is smaller than 60 px',
  async (scene) => {
    const [found, seen] = [new Set(), new Set()];
    await careTour(scene, 'zh-CN', async (room, state, page) => {
      const panel = page.frames().find((frame) => frame.url().includes('/panel.html'));
      for (const size of ['20', '30']) {
        await panel.evaluate((px) => {
          document.documentElement.dataset.ydCareSize = px;
        }, size);
        for (const scheme of ['light', 'dark'])
          for (const line of await violations(page, scheme))
            found.add(`${room}, ${state}, ${size} px, ${scheme}: ${line}`);
        for (const line of await panel.evaluate(tooSmall, Number(size)))
          found.add(`${room}, ${state}, ${size} px: ${line}`);
        const [needed, has] = await panel.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        if (needed > has) found.add(`${room}, ${state}, ${size} px: ${needed} px wide in ${has}`);
      }
      await panel.evaluate(() => {
        document.documentElement.dataset.ydCareSize = '20';
      });
      seen.add(state);
    });
    assert.ok(seen.size > 10, `only ${[...seen]} were seen`);
    assert.deepEqual([...found], []);
  },
);

journey('a talk from greeting to end, with the keyboard alone on both sides', async (scene) => {
  const visitor = await scene.visitor({ isOpen: false });
  const { page } = visitor;
  await page.locator('button.launch').waitFor();
  await tabTo(page, page.locator('button.launch'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await visitor.findPanel();
  await tabTo(page, visitor.panel.getByLabel('说说遇到了什么'));
  await page.keyboard.type('键盘也能用吗');
  await page.keyboard.press('Enter');
  await visitor.sees('键盘也能用吗');
  await visitor.settled();

  const desk = await scene.desk('lin.xiao', { isAt: 'login' });
  const keys = desk.page.keyboard;
  await tabTo(desk.page, desk.page.getByLabel('账号'));
  await keys.type('lin.xiao');
  await tabTo(desk.page, desk.page.getByLabel('密码', { exact: true }));
  await keys.type(scene.server.passwords.get('lin.xiao'));
  await keys.press('Enter');
  await desk.page.locator('.top').waitFor();
  await tabTo(desk.page, desk.page.getByRole('button', { name: /^接待状态/ }));
  await keys.press('Enter');
  await desk.page.getByRole('menuitemradio', { name: '暂停接待' }).waitFor();
  await keys.press('ArrowUp');
  await keys.press('Enter');
  await desk.page.getByRole('button', { name: '接待状态：在线接待' }).waitFor();
  await desk.row('键盘也能用吗').waitFor();
  await keys.press('Control+Digit1');
  await desk.editor.waitFor();
  await keys.press('Alt+KeyQ');
  await desk.editor.waitFor();
  await tabTo(desk.page, desk.editor, 'Escape');
  await keys.type('能的');
  await keys.press('Enter');
  await visitor.sees('能的');
  await keys.press('Control+/');
  await keys.type('看来是键盘用户');
  await keys.press('Enter');
  await desk.sees('看来是键盘用户');
  await keys.press('Control+/');

  await tabTo(desk.page, desk.said('能的').getByRole('button', { name: '消息操作' }), 'Shift+Tab');
  await keys.press('Enter');
  await desk.page.getByRole('menuitem', { name: '复制' }).waitFor();
  await keys.press('ArrowDown');
  await keys.press('Enter');
  await visitor.thread.getByText('林晓撤回了一条消息').waitFor();

  await tabTo(page, visitor.editor);
  await page.keyboard.type('收到');
  await page.keyboard.press('Enter');
  await desk.sees('收到');
  await keys.press('Alt+KeyW');
  await desk.page.getByRole('button', { name: '结束会话' }).waitFor();
  await keys.press('Enter');
  await visitor.panel.getByRole('heading', { name: '林晓的服务怎么样？' }).waitFor();
  await tabTo(page, visitor.panel.getByRole('radio', { name: '很不满意' }));
  await page.keyboard.press('ArrowRight');
  await tabTo(page, visitor.panel.getByRole('button', { name: '提交' }));
  await page.keyboard.press('Enter');
  await visitor.thread.getByText('客服结束了会话').waitFor();
  await tabTo(page, visitor.panel.getByRole('button', { name: '接着聊' }));
  await page.keyboard.press('Enter');
  await visitor.thread.getByText('会话已继续').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('iframe.panel').waitFor({ state: 'hidden' });
  assert.ok(await hasFocus(page.locator('button.launch')), 'the focus goes back to where it came from');
});

journey('these journeys would notice a violated policy, an error and an element nobody can use', async (scene) => {
  const { page, watch } = await scene.page(await scene.context(), 'door');
  watch.allow(/./);
  await page.goto(`${scene.server.url}/desk/`);
  await page.locator('#account').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.evaluate(() => {
    const picture = document.createElement('img');
    picture.setAttribute('style', 'color: red');
    picture.src = 'https://elsewhere.example/pixel.png';
    document.querySelector('main').append(picture);
    setTimeout(() => {
      throw new Error('a fault of the page');
    });
  });
  assert.match((await violations(page)).join('\n'), /image-alt/);
  const seen = watch.seen.join('\n');
  for (const fault of [/policy violated: style-src/, /policy violated: img-src/, /a fault of the page/])
    assert.match(seen, fault);
});

/** Runs in the panel: what can be pressed and is lower than 60 px, and text that is smaller than promised or set too close. */
function tooSmall(least) {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.yd-vh');
  const name = (element) =>
    `${element.tagName.toLowerCase()}.${element.className} “${element.textContent.slice(0, 12)}”`;
  const pressed = [...document.querySelectorAll('button, a[href], textarea, input:not([type=radio])')].filter(seen);
  const low = pressed.filter((element) => element.getBoundingClientRect().height < 59.5);
  const texts = [...document.querySelectorAll('#panel *, dialog *')].filter(
    (element) => seen(element) && [...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim()),
  );
  const small = texts.filter((element) => {
    const { fontSize, lineHeight } = getComputedStyle(element);
    const isChoice = element.matches('.sizes .choice');
    return !isChoice && (parseFloat(fontSize) < least || parseFloat(lineHeight) < 1.29 * parseFloat(fontSize));
  });
  return [...low.map((one) => `too low: ${name(one)}`), ...small.map((one) => `too small: ${name(one)}`)];
}

const hasFocus = (locator) => locator.evaluate((element) => element === element.getRootNode().activeElement);
