import assert from 'node:assert/strict';
import { join } from 'node:path';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

journey('an older backup is restored while both sit there: they see what it holds, and go on', async (scene) => {
  const { visitor, desk } = await scene.talk('宽带续费');
  await desk.say('您好');
  await visitor.sees('您好');
  await visitor.say('备份前说的');
  await desk.sees('备份前说的');
  const backup = join(scene.server.folder, 'b.tar.zst');
  await scene.server.run('backup', backup);
  await visitor.say('备份后说的');
  await desk.say('备份后回的');
  await Promise.all([desk.sees('备份后说的'), visitor.sees('备份后回的')]);
  for (const { page } of [visitor, desk]) await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  const generation = await generationOf(scene);

  // Tokens of the former history count no more; a panel that polls learns it by a 401, and gets a new one.
  visitor.watch.allow(/401.*\/api\/v1\/poll$/);
  await scene.stop();
  await Promise.all([visitor.panel.getByText('重连中').waitFor(), desk.banner.waitFor()]);
  // One thing is under way, and both have begun to write another.
  await visitor.say('停机时说的');
  const half = { customer: '写到一半：我想', agent: '正在查，稍' };
  await visitor.editor.fill(half.customer);
  await desk.editor.fill(half.agent);
  await scene.server.run('restore', backup, '--replace', '--keep-sessions');
  await scene.server.restart();

  const expected = ['宽带续费', '您好', '备份前说的', '停机时说的'];
  await Promise.all([visitor.assertTexts(expected), desk.assertTexts(expected)]);
  assert.notEqual(await generationOf(scene), generation, 'another history');
  assert.equal(await visitor.editor.inputValue(), half.customer);
  assert.equal(await desk.editor.inputValue(), half.agent);
  // Nothing is said to be wrong, and nothing waits.
  await visitor.status.getByText('在线').waitFor();
  await eventually(async () => assert.equal(await desk.banner.count(), 0));
  await visitor.settled();
  assert.equal(await desk.page.locator('.mark.failed').count(), 0);

  await visitor.editor.press('Enter');
  await desk.sees(half.customer);
  await desk.editor.press('Enter');
  await visitor.sees(half.agent);
  const whole = [...expected, half.customer, half.agent];
  await Promise.all([visitor.assertTexts(whole), desk.assertTexts(whole)]);
  for (const { page } of [visitor, desk]) assert.ok(await page.evaluate(() => window.isSamePage), 'it was reloaded');
  await visitor.reload();
  await visitor.assertTexts(whole);
});

journey(
  'without a word about sessions, a restore sends staff to the door and loses none of their words',
  async (scene) => {
    const { visitor, desk } = await scene.talk('开发票');
    const backup = join(scene.server.folder, 'b.tar.zst');
    await scene.server.run('backup', backup);
    await visitor.say('备份后说的');
    await desk.sees('备份后说的');
    visitor.watch.allow(/401.*\/api\/v1\/poll$/);
    await scene.stop();
    await desk.banner.waitFor();
    await scene.server.run('restore', backup, '--replace');
    await scene.server.restart();
    desk.watch.allow(/401/);
    await desk.page.getByLabel('账号', { exact: true }).waitFor();
    await desk.logIn(scene.server.passwords.get('lin.xiao'));
    await desk.pick('开发票');
    await Promise.all([visitor.assertTexts(['开发票']), desk.assertTexts(['开发票'])]);
    await desk.setAccepting(true);
    await desk.say('您好，开到哪个月');
    await visitor.sees('您好，开到哪个月');
  },
);

/** Names the history that the server serves, as clients are told. */
async function generationOf(scene) {
  const answer = await fetch(`${scene.server.url}/api/v1/visit/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ site: 'demo' }),
  });
  return (await answer.json()).generation;
}
