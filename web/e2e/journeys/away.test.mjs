import assert from 'node:assert/strict';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

const CUT_WITHIN = 2_000;

journey('an agent who is gone is shown as away, and goes on when they return', async (scene) => {
  const { visitor, desk } = await scene.talk('帮我查一下积分');
  await desk.say('好的，请稍等');
  await visitor.sees('好的，请稍等');
  await desk.page.close();
  await visitor.thread.getByText('林晓 暂时离开，请稍候').waitFor();
  assert.match(await visitor.status.innerText(), /客服暂时离开/);
  await visitor.say('还在吗');
  await visitor.settled();

  await desk.open();
  await desk.pick('还在吗');
  await visitor.thread.getByText('暂时离开').waitFor({ state: 'detached' });
  await desk.say('回来了，您有 3200 积分');
  await visitor.assertTexts(['帮我查一下积分', '好的，请稍等', '还在吗', '回来了，您有 3200 积分']);
});

journey('an administrator ends the logins of an agent: the desk is cut at once, with the reason', async (scene) => {
  const { visitor, desk } = await scene.talk('我的密码忘了');
  const security = await scene.desk('zheng.jie');
  await security.page.getByRole('link', { name: '坐席', exact: true }).first().click();
  await security.page.getByRole('button', { name: '林晓 的操作' }).click();
  await security.page.getByRole('menuitem', { name: '结束全部登录' }).click();
  desk.watch.allow(/401/);
  const answered = security.page.waitForResponse(/\/sessions|\/revoke/);
  await security.page.getByRole('dialog').getByRole('button', { name: '结束全部登录' }).click();
  await answered;
  const from = Date.now();
  await desk.page.getByText('您的登录已被管理员结束，请重新登录').waitFor();
  assert.ok(Date.now() - from <= CUT_WITHIN, `cut after ${Date.now() - from} ms`);
  await visitor.thread.getByText('林晓 暂时离开，请稍候').waitFor();

  await desk.logIn(scene.server.passwords.get('lin.xiao'));
  await desk.editor.waitFor();
  await desk.say('可以在网厅重置');
  await visitor.sees('可以在网厅重置');
});

journey('nobody new is given to an agent who is gone', async (scene) => {
  const { visitor, desk } = await scene.talk('等一下我找找');
  await desk.page.close();
  await visitor.thread.getByText('林晓 暂时离开，请稍候').waitFor();
  const other = await scene.visitor();
  await other.ask('有人吗');
  await other.panel.getByText('马上轮到您').waitFor();
  const colleague = await scene.desk('sun.yutong');
  await colleague.setAccepting(true);
  await colleague.pick('有人吗');
  await colleague.say('您好，我是孙雨桐');
  await other.sees('您好，我是孙雨桐');
});

journey('who logs out leaves, and the customer is told', async (scene) => {
  const { visitor, desk } = await scene.talk('今天几点下班');
  await desk.page.getByRole('button', { name: /^我的菜单/ }).click();
  await desk.page.getByRole('menuitem', { name: '退出登录' }).click();
  await desk.page.getByText('已退出登录').waitFor();
  await visitor.thread.getByText('林晓 暂时离开，请稍候').waitFor();
  await eventually(async () => assert.match(await visitor.status.innerText(), /客服暂时离开/));
});
