import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

journey('a new agent gets a one-time password, must change it, and sees only what is theirs', async (scene) => {
  const system = await scene.desk('wu.hao');
  const { page } = system;
  await page.goto(`${scene.server.url}/desk/staff`);
  await page.getByRole('button', { name: '新建坐席' }).click();
  await page.getByLabel('账号', { exact: true }).fill('qian.duo');
  await page.getByLabel('姓名', { exact: true }).fill('钱多');
  await page.getByRole('group', { name: '技能组' }).getByLabel('投诉').check();
  await page.getByRole('button', { name: '创建并生成一次性密码' }).click();
  const secret = page.getByRole('dialog', { name: '一次性密码' });
  const password = await secret.locator('code').last().innerText();
  assert.ok(password.length >= 12, password);
  await secret.getByRole('button', { name: '我已记下' }).click();
  await page.getByRole('row', { name: /钱多/ }).waitFor();
  assert.equal(await page.getByText(password).count(), 0, 'it is shown this once');

  // Who makes accounts gives no rights: that is the security administrator's.
  const security = await scene.desk('zheng.jie');
  await security.page.goto(`${scene.server.url}/desk/staff`);
  assert.equal(await security.page.getByRole('button', { name: '新建坐席' }).count(), 0);
  await security.page.getByRole('button', { name: '钱多 的操作' }).click();
  await security.page.getByRole('menuitem', { name: '权限' }).click();
  const rights = security.page.getByRole('dialog', { name: '钱多 的权限' });
  await rights.getByRole('group', { name: '角色' }).getByLabel('坐席', { exact: true }).check();
  await rights.getByRole('button', { name: '保存' }).click();
  await rights.waitFor({ state: 'hidden' });

  const desk = await scene.desk('qian.duo', { password, isAt: 'door' });
  await desk.page.getByText('这是一次性密码，设置自己的密码后才能继续').waitFor();
  await desk.page.goto(`${scene.server.url}/desk/conversation`);
  await desk.page.getByText('这是一次性密码，设置自己的密码后才能继续').waitFor();
  await desk.page.getByLabel('当前密码').fill(password);
  await desk.page.getByLabel('新密码', { exact: true }).fill('yi-bai-wan-ge-wei-shen-me');
  await desk.page.getByLabel('再输一次').fill('yi-bai-wan-ge-wei-shen-me');
  await desk.page.getByRole('button', { name: '保存新密码' }).click();

  await desk.box('queue').waitFor();
  assert.deepEqual(await desk.page.getByRole('navigation', { name: '主导航' }).getByRole('link').allInnerTexts(), [
    '会话',
  ]);
  for (const room of ['staff', 'setting', 'audit']) {
    await desk.page.goto(`${scene.server.url}/desk/${room}`);
    await desk.page.getByText('没有权限查看这一页').waitFor();
  }
  for (const call of ['/api/v1/setting', '/api/v1/audit']) {
    const answer = await desk.context.request.get(scene.server.url + call);
    assert.equal(answer.status(), 403, call);
  }

  // Of the operator's conversations they find only those of their group.
  await desk.page.goto(`${scene.server.url}/desk/conversation`);
  await desk.box('closed').click();
  await desk.row('').first().waitFor();
  const groups = await closedGroups(desk);
  assert.deepEqual([...new Set(groups)], ['投诉']);
  assert.ok(new Set(await closedGroups(await scene.desk('he.jing'))).size > 1, 'the supervisor sees more');
});

journey('a changed setting holds at once, and the audit tells who changed it', async (scene) => {
  const system = await scene.desk('wu.hao');
  await system.page.goto(`${scene.server.url}/desk/setting`);
  const row = system.page.getByRole('row', { name: /图片大小上限/ });
  await row.getByRole('button', { name: /^编辑/ }).click();
  const dialog = system.page.getByRole('dialog');
  system.watch.allow(/422.*\/api\/v1\/setting/);
  await dialog.getByLabel('值').fill('-5');
  await dialog.getByRole('button', { name: '保存' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('值').fill('7');
  await dialog.getByRole('button', { name: '保存' }).click();
  await system.page.getByText('已保存，立即生效').waitFor();
  await eventually(async () => assert.match(await row.innerText(), /\b7\b/));
  await system.page.reload();
  await eventually(async () => assert.match(await row.innerText(), /\b7\b/));

  const auditor = await scene.desk('shen.lan');
  await auditor.page.goto(`${scene.server.url}/desk/audit`);
  const record = auditor.page.getByRole('row', { name: /吴昊.*修改设置/ }).first();
  await record.waitFor();
  assert.match(await record.innerText(), /图片大小上限[\s\S]*7/);
  await record.getByRole('button').click();
  await auditor.page.getByRole('button', { name: '只看此对象' }).click();
  await eventually(async () => assert.equal(await auditor.page.getByRole('row', { name: /登录/ }).count(), 0));
  await auditor.page.getByRole('button', { name: '校验' }).click();
  await auditor.page.getByText('未发现改动').waitFor();

  await auditor.page.getByRole('button', { name: '导出' }).click();
  const download = auditor.page.waitForEvent('download');
  await auditor.page.getByRole('dialog').getByRole('button', { name: '导出' }).click();
  const file = readFileSync(await (await download).path(), 'utf8');
  assert.match(file, /^\ufeff链中序号,时间.*\r\n.*吴昊.*修改设置/);
});

async function closedGroups(desk) {
  const answer = await desk.context.request.get(`${desk.stage.server.url}/api/v1/conversation?box=closed&limit=200`);
  assert.equal(answer.status(), 200);
  return (await answer.json()).items.map(({ group }) => group.name);
}
