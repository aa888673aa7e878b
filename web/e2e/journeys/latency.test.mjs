import assert from 'node:assert/strict';
import { violations } from '../harness/access.mjs';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

journey('who runs the installation sees how long sentences take, without reloading', async (scene) => {
  const { desk, visitor } = await scene.talk('我的话费怎么多了');
  const admin = await scene.desk('wu.hao');
  const { page } = admin;
  await page.getByRole('link', { name: '响应' }).click();
  const row = page.getByRole('row', { name: /^落盘/ });
  await row.waitFor();
  const count = async () => Number(await row.getByRole('cell').first().innerText());
  const before = await count();
  assert.ok(before > 0, 'the sentences that were said');
  for (const scheme of ['light', 'dark'])
    assert.deepEqual(await violations(page, scheme), [], `response times, ${scheme}`);
  for (const text of ['好的', '正在为您核查', '请稍候']) {
    await desk.say(text);
    await visitor.sees(text);
  }
  await eventually(async () => assert.equal(await count(), before + 3), 15_000);
  await page.getByRole('button', { name: '最近 1 小时' }).click();
  await page.getByRole('row', { name: 'POST /api/v1/auth/login' }).waitFor();
  assert.equal(await count(), before + 3);
});
