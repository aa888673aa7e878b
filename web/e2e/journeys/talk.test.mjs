import assert from 'node:assert/strict';
import { composeAndTake } from '../harness/input.mjs';
import { journey } from '../harness/journey.mjs';
import { pastePicture, picture } from '../harness/picture.mjs';
import { eventually } from '../harness/wait.mjs';

journey('a customer asks, an agent answers, and both see what became of their words', async (scene) => {
  const visitor = await scene.visitor();
  await visitor.ask('家里宽带断网了，光猫红灯一直闪');
  await visitor.panel.locator('.card.queue').getByText('马上轮到您').waitFor();

  const desk = await scene.desk('lin.xiao');
  await desk.setAccepting(true);
  await desk.pick('光猫红灯');
  await desk.sees('家里宽带断网了，光猫红灯一直闪');
  await visitor.panel.getByRole('heading', { name: '林晓 为您服务' }).waitFor();

  await desk.editor.pressSequentially('您好，');
  await visitor.panel.getByRole('img', { name: '林晓正在输入' }).waitFor();
  await desk.say('您好，我是林晓。光猫上哪个灯在闪？');
  await visitor.sees('您好，我是林晓。光猫上哪个灯在闪？');
  await desk.said('您好，我是林晓。光猫上哪个灯在闪？').getByText('已读').waitFor();

  // While the widget is put away the words arrive, but nobody has read them.
  await visitor.panel.getByRole('button', { name: '收起' }).click();
  await desk.say('还在吗？');
  await desk.said('还在吗？').getByText('已送达').waitFor();
  await visitor.page.getByRole('button', { name: '联系客服，1 条未读' }).click();
  await desk.said('还在吗？').getByText('已读').waitFor();

  await visitor.editor.pressSequentially('在的，是 LOS');
  await desk.thread.getByText('正在写（尚未发出）').waitFor();
  await desk.thread.getByText('在的，是 LOS').waitFor();
  await visitor.editor.press('Enter');
  await desk.sees('在的，是 LOS');
  await visitor.said('在的，是 LOS').getByText('已读').waitFor();
});

journey('an input method may take its candidate with Enter without sending', async (scene) => {
  const { visitor, desk } = await scene.talk('想问套餐');

  await visitor.editor.focus();
  await composeAndTake(visitor.page, ['t', 'ta', 'tao can'], '套餐');
  assert.equal(await visitor.editor.inputValue(), '套餐');
  await composeAndTake(visitor.page, ['t', 'tai gui'], '太贵');
  assert.equal(await visitor.editor.inputValue(), '套餐太贵');
  await visitor.editor.press('Enter');
  await desk.sees('套餐太贵');

  await desk.editor.focus();
  await composeAndTake(desk.page, ['n', 'nin hao'], '您好');
  assert.equal(await desk.editor.inputValue(), '您好');
  await desk.editor.press('Enter');
  await visitor.assertTexts(['想问套餐', '套餐太贵', '您好']);
});

journey('the newest words stay in sight while either side writes a long answer', async (scene) => {
  const { visitor, desk } = await scene.talk('账单不对');
  for (let n = 1; n <= 8; n += 1) await visitor.say(`第 ${n} 笔：\n我没有订过这个业务\n请退给我`);
  await visitor.say('就这些');
  await desk.sees('就这些');
  const sides = [
    [desk, desk.thread],
    [visitor, visitor.panel.locator('main.body')],
  ];
  for (const [side, thread] of sides) {
    const below = () => thread.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    assert.ok(await thread.evaluate((box) => box.scrollHeight > box.clientHeight + 200));
    const before = await thread.evaluate((box) => box.clientHeight);
    await side.editor.focus();
    for (let line = 0; line < 10; line += 1) {
      await side.editor.press('Shift+Enter');
      await side.editor.pressSequentially('好');
    }
    assert.ok((await thread.evaluate((box) => box.clientHeight)) < before - 80, 'the box for words grew');
    await eventually(async () => assert.ok((await below()) < 4, `${await below()} px hidden after new lines`));
    // Words on the last line change no size.
    await side.editor.pressSequentially('好的');
    await eventually(async () => assert.ok((await below()) < 4, `${await below()} px hidden after more words`));
    await side.editor.fill('');
    await eventually(async () => assert.ok((await below()) < 4, `${await below()} px hidden after all was taken away`));
    // Whoever goes up to read stays there.
    await thread.hover();
    await side.page.mouse.wheel(0, -200);
    await eventually(async () => assert.ok((await below()) > 100, 'went up'));
    const read = await below();
    await side.editor.pressSequentially('等等');
    assert.ok((await below()) >= read);
  }
});

journey('what staff note for each other never reaches the customer', async (scene) => {
  const { visitor, desk } = await scene.talk('我要投诉');
  await desk.editor.press('Control+/');
  await desk.say('客户情绪激动，先安抚');
  await desk.sees('客户情绪激动，先安抚');
  await desk.editor.press('Control+/');
  await desk.say('非常抱歉给您添麻烦了');
  await visitor.assertTexts(['我要投诉', '非常抱歉给您添麻烦了']);
  assert.ok(visitor.received.includes('非常抱歉给您添麻烦了'), 'the test sees what the socket brings');
  assert.ok(!visitor.received.includes('先安抚'));
  await visitor.reload();
  await visitor.assertTexts(['我要投诉', '非常抱歉给您添麻烦了']);
  assert.ok(!visitor.received.includes('先安抚'));
});

journey('pictures go both ways, pasted and picked', async (scene) => {
  const { visitor, desk } = await scene.talk('路由器灯不对，发您看看');

  await pastePicture(visitor.page, visitor.editor);
  await shown(desk.thread.getByRole('button', { name: '查看图片' }).locator('img'), 1);
  await visitor.panel.locator('input[type=file]').setInputFiles(await picture(visitor.page, 60, 40));
  await shown(desk.thread.getByRole('button', { name: '查看图片' }).locator('img'), 2);

  await pastePicture(desk.page, desk.editor);
  await desk.page.locator('.tray li').waitFor();
  await desk.editor.press('Enter');
  await shown(visitor.thread.locator('.picture img'), 3);
  await desk.page.locator('.composer input[type=file]').setInputFiles(await picture(desk.page, 80, 50));
  await desk.page.locator('.tray li').waitFor();
  await desk.say('请照这样接');
  await shown(visitor.thread.locator('.picture img'), 4);
  await visitor.sees('请照这样接');

  await visitor.reload();
  await shown(visitor.thread.locator('.picture img'), 4);
  await visitor.thread.locator('.picture').nth(2).click();
  await visitor.panel.getByText('3 / 4').waitFor();
  await visitor.page.keyboard.press('ArrowRight');
  await visitor.panel.getByText('4 / 4').waitFor();
  await visitor.page.keyboard.press('Escape');
  await visitor.panel.locator('.lightbox').waitFor({ state: 'detached' });
});

journey('a part of the panel that did not come is asked for again, and the picture goes', async (scene) => {
  const { visitor, desk } = await scene.talk('路由器灯不对，发您看看');
  visitor.watch.allow(/ERR_FAILED.*panel-upload/);
  const asked = [];
  let isHeld = true;
  await visitor.page.route(/\/panel-upload-/, (route) => {
    asked.push(new URL(route.request().url()).search);
    return isHeld ? route.abort() : route.continue();
  });
  await visitor.reload();
  await visitor.panel.locator('input[type=file]').setInputFiles(await picture(visitor.page, 60, 40));
  await visitor.thread.getByRole('button', { name: '重新发送' }).waitFor();
  isHeld = false;
  await visitor.thread.getByRole('button', { name: '重新发送' }).click();
  await shown(desk.thread.getByRole('button', { name: '查看图片' }).locator('img'), 1);
  assert.equal(new Set(asked).size, asked.length, `never twice at one address: ${asked}`);
  assert.ok(asked.length > 1 && asked[0] === '');
});

journey('what may not be sent is said before it is sent; a reload says what must be chosen again', async (scene) => {
  const { visitor, desk } = await scene.talk('发个文件给您');
  const program = { name: 'setup.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') };
  const sent = [];
  for (const { page } of [visitor, desk])
    page.on('request', (request) => /\/file\/(images|documents)/.test(request.url()) && sent.push(request.url()));

  await visitor.panel.locator('input[type=file][accept*=".pdf"]').setInputFiles(program);
  await visitor.panel.getByText('不能发送这种类型的文件，可以发送：图片、pdf').waitFor();
  await desk.page.locator('.composer input[type=file][accept*=".pdf"]').setInputFiles(program);
  await desk.page.getByText('不能发送这种类型的文件，可以发送图片和 pdf').waitFor();
  assert.deepEqual(sent, []);

  await desk.page.locator('.composer input[type=file]').setInputFiles(await picture(desk.page, 60, 40));
  await desk.page.locator('.tray li').waitFor();
  desk.page.once('dialog', (dialog) => dialog.accept()); // the browser asks before it leaves
  await desk.page.reload();
  await desk.page.getByText('刷新前选好的文件没有发出，请重新选择：picture.png').waitFor();

  await scene.setOffline(visitor, true);
  await visitor.panel.getByText('网络断了，正在重连…').waitFor();
  await visitor.panel.locator('input[type=file]').setInputFiles(await picture(visitor.page, 60, 40));
  await visitor.thread.getByText('没有发出去').waitFor();
  await scene.setOffline(visitor, false);
  await visitor.reload();
  await visitor.panel.getByText('刷新前选的文件没有发出，请重新选择').waitFor();
});

journey('both sides recall, the agent ends, the customer comes back within a day', async (scene) => {
  const { visitor, desk } = await scene.talk('话费多扣了 12 元');

  await visitor.say('我的身份证号是');
  await desk.sees('我的身份证号是');
  await visitor.said('我的身份证号是').getByRole('button', { name: '撤回' }).click();
  await visitor.thread.getByText('您撤回了一条消息').waitFor();
  await desk.said('我的身份证号是').waitFor({ state: 'detached' });

  await desk.say('退您 20 元');
  await visitor.sees('退您 20 元');
  await desk.said('退您 20 元').getByRole('button', { name: '消息操作' }).click();
  await desk.page.getByRole('menuitem', { name: '撤回' }).click();
  await visitor.thread.getByText('林晓撤回了一条消息').waitFor();
  await desk.say('退您 12 元，今天到账');
  await visitor.assertTexts(['话费多扣了 12 元', '退您 12 元，今天到账']);

  await desk.head.getByRole('button', { name: '结束', exact: false }).click();
  await desk.page.getByRole('button', { name: '结束会话' }).click();
  await visitor.panel.getByRole('heading', { name: '林晓的服务怎么样？' }).waitFor();
  assert.equal(await visitor.editor.count(), 0);
  await visitor.panel.getByRole('radio', { name: '非常满意' }).check({ force: true });
  await visitor.panel.getByRole('button', { name: '有礼貌' }).click();
  await visitor.panel.getByRole('button', { name: '提交' }).click();
  await visitor.panel.getByText('您的评价').waitFor();
  await visitor.thread.getByText('客服结束了会话').waitFor();
  await desk.page.getByText('客户评价 5 星').waitFor();
  await visitor.panel.getByRole('button', { name: '接着聊' }).click();
  await visitor.thread.getByText('会话已继续').waitFor();
  await visitor.say('还有一个问题');
  await desk.box('mine').click();
  await desk.pick('还有一个问题');
  await desk.say('您请说');
  await visitor.sees('您请说');
  await visitor.panel.getByRole('button', { name: '结束会话' }).click();
  await visitor.panel.getByRole('dialog').getByRole('button', { name: '结束会话' }).click();
  await eventually(async () => assert.match(await desk.head.innerText(), /已结束/));
});

journey('the talk goes in English where both choose it', async (scene) => {
  const visitor = await scene.visitor({ locale: 'en' });
  await visitor.ask('My bill is too high');
  const desk = await scene.desk('lin.xiao', { locale: 'en' });
  await desk.setAccepting(true);
  await desk.pick('My bill is too high');
  await desk.say('Let me have a look');
  await visitor.sees('Let me have a look');
  await desk.said('Let me have a look').getByText('Read').waitFor();
  const words = `${await visitor.panel.locator('body').innerText()} ${await desk.page.locator('.composer').innerText()}`;
  const ours = words.replaceAll(/林晓|在线综合|账单资费|星桥在线客服/g, '');
  assert.doesNotMatch(ours, /[\u4e00-\u9fff]/, 'words of the program in Chinese');
});

async function shown(images, count) {
  await eventually(async () => {
    assert.equal(await images.count(), count);
    const widths = await images.evaluateAll((all) => all.map((image) => image.complete && image.naturalWidth));
    assert.ok(widths.every(Boolean), `pictures that did not load: ${widths}`);
  });
}
