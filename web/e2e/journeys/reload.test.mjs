import assert from 'node:assert/strict';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

journey('after a reload in mid-talk everything stands where it was, drafts too', async (scene) => {
  const { visitor, desk } = await scene.talk('想改成 99 元的套餐');
  const talk = ['想改成 99 元的套餐'];
  for (let turn = 1; turn <= 12; turn++) {
    await desk.say(`第 ${turn} 问：您每月用多少流量？`);
    await visitor.sees(`第 ${turn} 问：您每月用多少流量？`);
    await visitor.say(`第 ${turn} 答：大约 ${turn} GB`);
    await desk.sees(`第 ${turn} 答：大约 ${turn} GB`);
    talk.push(`第 ${turn} 问：您每月用多少流量？`, `第 ${turn} 答：大约 ${turn} GB`);
  }
  await visitor.editor.fill('还有，副卡能不能');
  await desk.editor.fill('副卡可以共享流量，');

  await Promise.all([visitor.reload(), desk.page.reload()]);
  await visitor.assertTexts(talk);
  await desk.assertTexts(talk);
  assert.equal(await visitor.editor.inputValue(), '还有，副卡能不能');
  await eventually(async () => assert.equal(await desk.editor.inputValue(), '副卡可以共享流量，'));

  await visitor.editor.press('Enter');
  await desk.sees('还有，副卡能不能');
  await desk.editor.press('Enter');
  await visitor.assertTexts([...talk, '还有，副卡能不能', '副卡可以共享流量，']);
  await Promise.all([visitor.reload(), desk.page.reload()]);
  await visitor.assertTexts([...talk, '还有，副卡能不能', '副卡可以共享流量，']);
  assert.equal(await visitor.editor.inputValue(), '', 'what was sent is no draft any more');
  await desk.sees('副卡可以共享流量，');
  assert.equal(await desk.editor.inputValue(), '');
});

journey('a draft follows its author to another computer', async (scene) => {
  const { desk } = await scene.talk('发票抬头写错了');
  await desk.editor.fill('可以重开，请告诉我新的');
  await desk.page.locator('.composer').getByText('草稿已保存').waitFor();
  const other = await scene.desk('lin.xiao');
  await other.row('可以重开，请告诉我新的').getByText('[草稿]').waitFor();
  await other.row('可以重开').locator('a.hit').click();
  await eventually(async () => assert.equal(await other.editor.inputValue(), '可以重开，请告诉我新的'));
});

journey('unread words are counted, and still counted after a reload', async (scene) => {
  const { visitor, desk } = await scene.talk('宽带能不能移机');
  await desk.say('可以的，请说新地址');
  await visitor.sees('可以的，请说新地址');

  await visitor.panel.getByRole('button', { name: '收起' }).click();
  await desk.say('请写到门牌号');
  await desk.say('再留一个电话');
  await visitor.page.getByRole('button', { name: '联系客服，2 条未读' }).waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: '联系客服，2 条未读' }).waitFor();

  await desk.page.goto(`${scene.server.url}/desk/conversation`);
  await desk.row('再留一个电话').waitFor();
  await visitor.openPanel();
  await visitor.say('文一西路 100 号');
  await visitor.say('138 开头那个号');
  await desk.row('138 开头那个号').getByText('2 条未读').waitFor();
  await desk.page.reload();
  await desk.row('138 开头那个号').getByText('2 条未读').waitFor();
  await desk.row('138 开头那个号').locator('a.hit').click();
  await desk.sees('138 开头那个号');
  await desk.row('138 开头那个号').getByText('条未读').waitFor({ state: 'detached' });
  await visitor.said('138 开头那个号').getByText('已读').waitFor();
});

journey('who waits keeps their place, and sees it move on', async (scene) => {
  const [first, second] = [await scene.visitor(), await scene.visitor()];
  await first.ask('我先来的');
  await first.panel.getByText('马上轮到您').waitFor();
  await second.ask('我后来的');
  const ahead = second.panel.locator('.card.queue .ahead');
  await eventually(async () => assert.match(await ahead.innerText(), /前面还有\s*1\s*人/));
  await Promise.all([first.reload(), second.reload()]);
  await first.panel.getByText('马上轮到您').waitFor();
  await eventually(async () => assert.match(await ahead.innerText(), /前面还有\s*1\s*人/));
  await first.panel.getByRole('button', { name: '取消排队' }).click();
  await second.panel.getByText('马上轮到您').waitFor();
});
