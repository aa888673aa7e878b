import assert from 'node:assert/strict';
import { launchFirefox, skip } from '../harness/firefox.mjs';
import { journeysIn } from '../harness/journey.mjs';
import { picture } from '../harness/picture.mjs';
import { eventually } from '../harness/wait.mjs';

const journey = journeysIn(launchFirefox);

for (const [width, height] of [
  [1440, 900],
  [768, 1024],
  [390, 844],
]) {
  journey(
    `in Debian’s Firefox, ${width} px wide, both sides talk, reload, lose the network and send a picture`,
    async (scene) => {
      const viewport = { width, height };
      const { visitor, desk } = await scene.talk('光猫红灯一直闪', { visitor: { viewport }, desk: { viewport } });
      await visitor.panel.getByRole('heading', { name: '林晓 为您服务' }).waitFor();
      await desk.say('哪个灯在闪？');
      await visitor.sees('哪个灯在闪？');
      await visitor.say('LOS 那个');
      await desk.sees('LOS 那个');

      await visitor.panel.locator('input[type=file]').setInputFiles(await picture(visitor.page, 320, 200));
      await shown(desk.thread.locator('.image img'), 1);
      await desk.page.locator('.composer input[type=file]').setInputFiles(await picture(desk.page, 200, 320));
      await desk.page.locator('.tray li').waitFor();
      await desk.say('照这样接');
      await shown(visitor.thread.locator('.picture img'), 2);
      await desk.thread
        .getByRole('button', { name: /查看图片/ })
        .first()
        .click();
      await desk.page.getByText('1 / 2').waitFor();
      await desk.page.keyboard.press('ArrowRight');
      await desk.page.getByText('2 / 2').waitFor();
      await desk.page.keyboard.press('Escape');
      await notSideways(desk.page);
      await notSideways(visitor.page);

      await visitor.reload();
      await desk.page.reload();
      await visitor.assertTexts(['光猫红灯一直闪', '哪个灯在闪？', 'LOS 那个', '照这样接']);
      await desk.assertTexts(['光猫红灯一直闪', '哪个灯在闪？', 'LOS 那个', '照这样接']);

      await scene.setOffline(visitor, true);
      await visitor.panel.getByText('网络断了，正在重连…').waitFor();
      await visitor.say('等一下，家里停电了');
      await visitor.said('等一下，家里停电了').getByText('待发送').waitFor();
      await scene.setOffline(visitor, false);
      await visitor.panel.getByText('网络断了，正在重连…').waitFor({ state: 'detached' });
      await visitor.settled();
      await desk.sees('等一下，家里停电了');

      await scene.setOffline(desk, true);
      await desk.banner.getByText('连接已断开，正在重连').waitFor();
      await desk.say('不着急');
      await desk.said('不着急').getByText('待发送').waitFor();
      await scene.setOffline(desk, false);
      await desk.banner.waitFor({ state: 'detached' });
      await visitor.sees('不着急');
      const talk = ['光猫红灯一直闪', '哪个灯在闪？', 'LOS 那个', '照这样接', '等一下，家里停电了', '不着急'];
      await visitor.assertTexts(talk);
      await desk.assertTexts(talk);
    },
    { skip },
  );
}

async function shown(images, count) {
  await eventually(async () => {
    assert.equal(await images.count(), count);
    const widths = await images.evaluateAll((all) => all.map((image) => image.complete && image.naturalWidth));
    assert.ok(widths.every(Boolean), `pictures that did not load: ${widths}`);
  });
}

async function notSideways(page) {
  for (const frame of page.frames()) {
    const [needed, has] = await frame.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(needed <= has, `${frame.url()} is ${needed} px wide in ${has}`);
  }
}
