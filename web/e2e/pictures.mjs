// Takes the pictures of the README, docs/images/desk.png and widget.png, from a real talk: node pictures.mjs
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launch } from './harness/browser.mjs';
import { findSeed } from './harness/seed.mjs';
import { Server } from './harness/server.mjs';
import { Stage } from './harness/stage.mjs';

const OUT = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SIZE = { width: 1440, height: 900 };
const OTHERS = ['想改成 99 元的套餐，什么时候生效？', '国际漫游怎么开，下周去日本', '电子发票抬头能改吗'];
const TALK = [
  ['agent', '您好，我是林晓。请问光猫上是哪个灯在闪，LOS 还是 PON？'],
  ['customer', 'LOS，红色的，从早上开始就这样'],
  ['note', '西湖区今天有光缆割接，装维组说 15 点前恢复'],
  ['agent', 'LOS 闪红说明光信号没有进来。我查到您小区今天有光缆割接，预计下午三点前恢复。'],
  ['customer', '那我下午要开视频会议，怎么办'],
  ['agent', '先给您的手机加 10 GB 免费流量，今天有效，可以开热点用。三点我再来看一次线路。'],
  ['customer', '太好了，谢谢'],
];

const [seed, browser] = await Promise.all([findSeed(), launch()]);
const scene = new Stage(browser);
try {
  scene.server = await Server.start(seed);
  await mkdir(OUT, { recursive: true });
  const options = { viewport: SIZE };
  const { visitor, desk } = await scene.talk('家里宽带断网了，光猫红灯一直闪', { visitor: options, desk: options });
  for (const [who, text] of TALK) {
    if (who === 'note') await desk.editor.press('Control+/');
    await (who === 'customer' ? visitor : desk).say(text);
    await desk.sees(text);
    if (who === 'note') await desk.editor.press('Control+/');
    else await visitor.sees(text);
  }
  for (const question of OTHERS) {
    if (question === OTHERS.at(-1)) await desk.setAccepting(false);
    const other = await scene.visitor();
    await other.ask(question);
    await other.settled();
  }
  await desk.row(OTHERS[1]).waitFor();
  await visitor.page.mouse.move(0, 0);
  await desk.editor.pressSequentially('不客气，三点见');
  await visitor.panel.locator('.typing').waitFor();
  await visitor.page.screenshot({ path: `${OUT}widget.png` });
  await visitor.editor.pressSequentially('对了，路由器要不要');
  await desk.thread.locator('.ghost').waitFor();
  await desk.page.locator('.composer').getByText('草稿已保存').waitFor();
  await desk.page.screenshot({ path: `${OUT}desk.png` });
} finally {
  await scene.close();
  await browser.close();
  await seed.dispose();
}
