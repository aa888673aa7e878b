import assert from 'node:assert/strict';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

journey('a customer without network writes on; it is sent in order, once, when the network is back', async (scene) => {
  const { visitor, desk } = await scene.talk('地铁里信号不好');
  await scene.setOffline(visitor, true);
  await eventually(async () => assert.match(await visitor.status.innerText(), /重连中|网络已断开/));
  await visitor.panel.getByText('网络断了，正在重连…').waitFor();
  for (const text of ['第一句', '第二句', '第三句']) await visitor.say(text);
  for (const text of ['第一句', '第二句', '第三句']) await visitor.said(text).getByText('待发送').waitFor();
  await desk.say('您慢慢说');
  await scene.setOffline(visitor, false);
  await visitor.panel.getByText('网络断了，正在重连…').waitFor({ state: 'detached' });
  await visitor.settled();
  const talk = ['地铁里信号不好', '您慢慢说', '第一句', '第二句', '第三句'];
  await desk.assertTexts(talk);
  await visitor.assertTexts(talk);
});

journey('a customer closes the page while offline; what they wrote goes out when they come back', async (scene) => {
  const { visitor, desk } = await scene.talk('手机快没电了');
  await scene.setOffline(visitor, true);
  await eventually(async () => assert.match(await visitor.status.innerText(), /重连中|网络已断开/));
  await visitor.say('先记着：查一下副卡');
  await visitor.said('先记着：查一下副卡').getByText('待发送').waitFor();
  await visitor.editor.fill('还有流量包');
  await visitor.page.close();

  await scene.setOffline(visitor, false);
  await visitor.open();
  await visitor.assertTexts(['手机快没电了', '先记着：查一下副卡']);
  await desk.assertTexts(['手机快没电了', '先记着：查一下副卡']);
  assert.equal(await visitor.editor.inputValue(), '还有流量包');
});

journey('a first question asked without network is not lost', async (scene) => {
  const visitor = await scene.visitor();
  await visitor.panel.getByText('在线', { exact: true }).waitFor();
  await scene.setOffline(visitor, true);
  await eventually(async () => assert.match(await visitor.status.innerText(), /重连中|网络已断开/));
  await visitor.ask('家里没网，用手机问的');
  await visitor.said('家里没网，用手机问的').getByText('待发送').waitFor();
  await visitor.say('路由器在闪');
  await scene.setOffline(visitor, false);
  const desk = await scene.desk('lin.xiao');
  await desk.setAccepting(true);
  await desk.pick('路由器在闪');
  await desk.assertTexts(['家里没网，用手机问的', '路由器在闪']);
  await visitor.assertTexts(['家里没网，用手机问的', '路由器在闪']);
});

journey('an agent without network sees it, writes on, and everything goes out in order, once', async (scene) => {
  const { visitor, desk } = await scene.talk('想开国际漫游');
  await scene.setOffline(desk, true);
  await desk.banner.getByText('连接已断开，正在重连').waitFor();
  for (const text of ['好的', '请问去哪个国家', '去几天']) await desk.say(text);
  await desk.banner.getByText('3 条待发送').waitFor();
  await desk.said('去几天').getByText('待发送').waitFor();
  await desk.row('想开国际漫游').or(desk.row('[待发送]')).first().waitFor();
  await desk.editor.fill('也可以在网上');
  await visitor.say('日本');
  await scene.setOffline(desk, false);
  await desk.banner.waitFor({ state: 'detached' });
  await visitor.assertTexts(['想开国际漫游', '日本', '好的', '请问去哪个国家', '去几天']);
  await desk.assertTexts(['想开国际漫游', '日本', '好的', '请问去哪个国家', '去几天']);
  assert.equal(await desk.editor.inputValue(), '也可以在网上');
});

journey('an agent closes the browser while offline; what they wrote goes out when they come back', async (scene) => {
  const { visitor, desk } = await scene.talk('合约期还有多久');
  await scene.setOffline(desk, true);
  await desk.banner.waitFor();
  await desk.say('还有两个月');
  await desk.said('还有两个月').getByText('待发送').waitFor();
  await desk.page.close();
  await scene.setOffline(desk, false);
  await desk.open();
  await visitor.assertTexts(['合约期还有多久', '还有两个月']);
  await desk.row('还有两个月').locator('a.hit').click();
  await desk.assertTexts(['合约期还有多久', '还有两个月']);
});
