import assert from 'node:assert/strict';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

/** From ready to connected again. */
const RECONNECT_WITHIN = 3_000;

journey('the server dies while both are writing: nothing is lost or doubled, and nobody reloads', async (scene) => {
  const { visitor, desk } = await talk(scene, '国际漫游怎么开');
  const [customer, agent] = [pour(visitor, '客'), pour(desk, '席')];
  // The kill comes while words are on their way, whichever they are.
  await eventually(async () => assert.ok((await desk.texts()).length > 6));
  await scene.kill();
  await Promise.all([visitor.panel.getByText('重连中').waitFor(), desk.banner.waitFor()]);
  await visitor.thread.getByText('待发送').first().waitFor();
  const half = { customer: '写到一半：我在机', agent: '正在帮您查，预计' };
  const said = { customer: await customer.stop(), agent: await agent.stop() };
  await visitor.editor.fill(half.customer);
  await desk.editor.fill(half.agent);

  await reconnected(visitor, desk, () => scene.server.restart());
  assert.equal(await visitor.editor.inputValue(), half.customer);
  assert.equal(await desk.editor.inputValue(), half.agent);
  await visitor.editor.press('Enter');
  await desk.editor.press('Enter');
  await assertSame(visitor, desk, { customer: [...said.customer, half.customer], agent: [...said.agent, half.agent] });
});

journey('a restart in order is told to the pages, and they come back by themselves', async (scene) => {
  const { visitor, desk } = await talk(scene, '积分怎么换');
  await scene.stop();
  await Promise.all([visitor.panel.getByText('重连中').waitFor(), desk.banner.waitFor()]);
  await visitor.say('停机时写的');
  await desk.say('也是停机时写的');
  await reconnected(visitor, desk, () => scene.server.restart());
  await assertSame(visitor, desk, { customer: ['停机时写的'], agent: ['也是停机时写的'] });
});

journey('three deaths in one talk', async (scene) => {
  const { visitor, desk } = await talk(scene, '电子发票');
  const said = { customer: [], agent: [] };
  for (let death = 1; death <= 3; death++) {
    const [customer, agent] = [pour(visitor, `客${death}`), pour(desk, `席${death}`)];
    const before = (await desk.texts()).length;
    await eventually(async () => assert.ok((await desk.texts()).length > before + 3));
    await scene.kill();
    said.customer.push(...(await customer.stop()));
    said.agent.push(...(await agent.stop()));
    await reconnected(visitor, desk, () => scene.server.restart());
  }
  await assertSame(visitor, desk, said);
});

/** A talk that has begun, on pages that a reload would give away. */
async function talk(scene, question) {
  const { visitor, desk } = await scene.talk(question);
  await desk.say('您好');
  await visitor.sees('您好');
  for (const { page } of [visitor, desk]) await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  return { visitor, desk };
}

/** Says one thing after the other until stopped; `stop` answers all of it. */
function pour(person, name) {
  const said = [];
  const end = new AbortController();
  const done = (async () => {
    while (!end.signal.aborted) {
      const text = `${name} ${said.length + 1}`;
      await person.say(text);
      said.push(text);
    }
  })();
  return {
    async stop() {
      end.abort();
      await done;
      return said;
    },
  };
}

async function reconnected(visitor, desk, restart) {
  await restart();
  const from = Date.now();
  const online = Promise.all([
    visitor.status.getByText('在线').waitFor(),
    desk.page.locator('.sync').getByText('同步').waitFor(),
  ]);
  await online;
  const took = Date.now() - from;
  assert.ok(took <= RECONNECT_WITHIN, `connected again after ${took} ms`);
  for (const { page } of [visitor, desk])
    assert.ok(await page.evaluate(() => window.isSamePage), 'the page was reloaded');
}

/** Both see the same, each side's words complete and in the order they were written. */
async function assertSame(visitor, desk, { customer, agent }) {
  await visitor.settled();
  await eventually(async () => {
    const [left, right] = [await visitor.texts(), await desk.texts()];
    assert.deepEqual(left, right);
    assert.deepEqual(
      right.slice(2).filter((text) => customer.includes(text)),
      customer,
    );
    assert.deepEqual(
      right.slice(2).filter((text) => agent.includes(text)),
      agent,
    );
    assert.equal(right.length, 2 + customer.length + agent.length);
  });
}
