import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { SilentProxy } from '../harness/hole.mjs';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

/** How long nothing comes through, how soon that must be seen, and how soon everything must be there again (docs/protocol.md, "Heartbeats"). */
const HOLE = 60_000;
const NOTICED_WITHIN = 20_000;
const HEALED_WITHIN = 3_000;

const CASES = [
  { victim: 'visitor', direction: 'up', question: '甲：宽带掉线', agent: 'lin.xiao' },
  { victim: 'visitor', direction: 'down', question: '乙：话费不对', agent: 'sun.yutong' },
  { victim: 'desk', direction: 'up', question: '丙：想换套餐', agent: 'chen.jiayi' },
  { victim: 'desk', direction: 'down', question: '丁：积分兑换', agent: 'wang.zhiyuan' },
];

journey(
  'the network goes silent in one direction for a minute: seen, mended, nothing lost, no reload',
  async (scene) => {
    scene.disturb();
    const proxies = await Promise.all(CASES.map(() => SilentProxy.before(scene.server)));
    try {
      const talks = [];
      for (const [n, wanted] of CASES.entries()) talks.push(await begin(scene, wanted, proxies[n]));
      await Promise.all(talks.map(endure));
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.dispose()));
    }
  },
);

async function begin(scene, { victim, direction, question, agent }, proxy) {
  const talk = await scene.talk(question, { agent, [victim]: { origin: proxy.url } });
  await talk.desk.setAccepting(false); // the next customer is somebody else's
  await talk.desk.say('您好');
  await talk.visitor.sees('您好');
  for (const { page } of [talk.visitor, talk.desk])
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  return { ...talk, proxy, direction, question, name: `${victim} ${direction}`, isDesk: victim === 'desk' };
}

async function endure(talk) {
  const { visitor, desk, proxy, direction, name, isDesk } = talk;
  const from = Date.now();
  proxy.silence(direction);
  await visitor.say('洞里问 1');
  await desk.say('洞里答 1');
  await lost(talk, NOTICED_WITHIN);
  const noticed = Date.now() - from;
  await visitor.say('洞里问 2');
  await desk.say('洞里答 2');
  const half = isDesk ? desk.editor : visitor.editor;
  await half.fill('写到一半');
  await pause(HOLE - (Date.now() - from));
  assert.ok(await isLost(talk), `${name}: says that it is connected, behind a hole`);

  const healing = Date.now();
  proxy.heal();
  const questions = ['洞里问 1', '洞里问 2'];
  const answers = ['洞里答 1', '洞里答 2'];
  for (const person of [visitor, desk]) {
    await eventually(async () => {
      const texts = await person.texts();
      assert.deepEqual(
        texts.filter((text) => text.startsWith('洞里问')),
        questions,
        name,
      );
      assert.deepEqual(
        texts.filter((text) => text.startsWith('洞里答')),
        answers,
        name,
      );
    }, HEALED_WITHIN);
  }
  const left = () => HEALED_WITHIN - (Date.now() - healing);
  await eventually(
    async () => assert.ok(!(await isLost(talk)), `${name}: does not say that it is connected again`),
    left(),
  );
  const healed = Date.now() - healing;
  assert.ok(healed <= HEALED_WITHIN, `${name}: healed after ${healed} ms`);
  await visitor.settled();
  assert.equal(await half.inputValue(), '写到一半', name);
  assert.deepEqual(await visitor.texts(), await desk.texts(), name);
  assert.equal((await visitor.texts()).length, 6, name);
  for (const { page } of [visitor, desk])
    assert.ok(await page.evaluate(() => window.isSamePage), `${name}: the page was reloaded`);
  console.log(`${name}: noticed after ${noticed} ms, healed after ${healed} ms`);
}

async function isLost({ visitor, desk, isDesk }) {
  return isDesk ? (await desk.banner.count()) > 0 : /重连中|网络已断开/.test(await visitor.status.innerText());
}
function lost(talk, within) {
  return eventually(async () => assert.ok(await isLost(talk), `${talk.name}: not noticed`), within);
}
