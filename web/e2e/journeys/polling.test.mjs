import assert from 'node:assert/strict';
import { journey } from '../harness/journey.mjs';

/** Three sockets are tried before polling begins. */
const SLOW = 30_000;
/** A cut call may still count as busy when the next one comes: the protocol says so, and the client asks again. */
const BUSY = /409.*\/api\/v1\/poll$/;

journey('where sockets are blocked, long polling carries the talk for both sides', async (scene) => {
  const visitor = await scene.visitor({ blockSockets: true });
  visitor.watch.allow(BUSY);
  await visitor.ask('公司网络有限制');
  await visitor.panel.getByText('马上轮到您').waitFor({ timeout: SLOW });
  const desk = await scene.desk('lin.xiao', { blockSockets: true });
  await desk.page.locator('.sync').getByText('同步').waitFor({ timeout: SLOW });
  desk.watch.allow(BUSY);
  await desk.setAccepting(true);
  await desk.pick('公司网络有限制');
  await desk.editor.pressSequentially('您好');
  await visitor.panel.getByRole('img', { name: '林晓正在输入' }).waitFor();
  await desk.editor.press('Enter');
  await visitor.sees('您好');
  for (const turn of [1, 2, 3]) {
    await visitor.say(`问 ${turn}`);
    await desk.say(`答 ${turn}`);
  }
  await visitor.settled();
  await desk.said('答 3').getByText('已读').waitFor();
  const texts = await visitor.texts();
  await desk.assertTexts(texts);
  assert.deepEqual(
    texts.filter((text) => text.startsWith('问')),
    ['问 1', '问 2', '问 3'],
  );
  assert.deepEqual(
    texts.filter((text) => text.startsWith('答')),
    ['答 1', '答 2', '答 3'],
  );
  assert.equal(visitor.received, '', 'nothing came over a socket');
});
