import assert from 'node:assert/strict';
import { journey } from '../harness/journey.mjs';
import { eventually } from '../harness/wait.mjs';

journey('two talks at once do not cross', async (scene) => {
  const one = await scene.talk('我是甲，问宽带', { agent: 'lin.xiao' });
  await one.desk.setAccepting(false);
  const two = await scene.talk('我是乙，问话费', { agent: 'sun.yutong' });
  const turns = [1, 2, 3, 4, 5, 6];
  for (const turn of turns) {
    await Promise.all([
      one.visitor.say(`甲问 ${turn}`),
      two.visitor.say(`乙问 ${turn}`),
      one.desk.say(`答甲 ${turn}`),
      two.desk.say(`答乙 ${turn}`),
    ]);
  }
  await assertOwn(one, '甲', ['我是甲，问宽带'], turns);
  await assertOwn(two, '乙', ['我是乙，问话费'], turns);
  assert.doesNotMatch(one.visitor.received, /乙/);
  assert.doesNotMatch(two.visitor.received, /甲/);
});

journey('a colleague looks on, may note, and cannot speak to the customer', async (scene) => {
  const { visitor, desk } = await scene.talk('投诉装机迟到');
  const colleague = await scene.desk('sun.yutong');
  await colleague.box('colleague').click();
  await colleague.row('投诉装机迟到').locator('a.hit').click();
  await colleague.sees('投诉装机迟到');
  await colleague.page.getByText('林晓 正在接待，您可以查看和写内部备注').waitFor();
  await desk.say('非常抱歉，马上催单');
  await colleague.sees('非常抱歉，马上催单');
  assert.equal(await colleague.editor.count(), 0);
  await colleague.page.getByRole('button', { name: '写内部备注' }).click();
  await colleague.say('装维组说 16 点到');
  await desk.sees('装维组说 16 点到');
  await desk.say('师傅 16 点到');
  await visitor.assertTexts(['投诉装机迟到', '非常抱歉，马上催单', '师傅 16 点到']);
  await colleague.page.reload();
  await colleague.sees('师傅 16 点到');
  assert.equal(await colleague.box('colleague').getAttribute('aria-pressed'), 'true');
  assert.doesNotMatch(visitor.received, /装维组/);
});

journey('of two agents who accept at once one is told who was faster', async (scene) => {
  const visitor = await scene.visitor();
  await visitor.ask('谁来接我');
  const desks = [await scene.desk('lin.xiao'), await scene.desk('sun.yutong')];
  for (const desk of desks) {
    desk.watch.allow(/409.*\/accept$/);
    await desk.box('queue').click();
    // The call waits until both have pressed.
    desk.pressed = new Promise((resolve) => {
      desk.page.route(/\/accept$/, (route) => {
        resolve();
        desk.release = () => route.continue();
      });
    });
  }
  for (const desk of desks) await desk.row('谁来接我').getByRole('button', { name: /^接待/ }).click();
  await Promise.all(desks.map((desk) => desk.pressed));
  await Promise.all(desks.map((desk) => desk.release()));

  await eventually(async () => assert.equal(await visitor.thread.getByText('接入了会话').count(), 1));
  const title = await visitor.panel.locator('header h1').innerText();
  const [winner, loser] = title.startsWith('林晓') ? desks : desks.toReversed();
  await loser.page.getByText(`${title.split(' ')[0]} 已经接待了这个会话`).waitFor();
  assert.equal(await winner.box('mine').getAttribute('aria-pressed'), 'true', 'the list follows');
  await winner.row('谁来接我').waitFor();
  await winner.say('您好，我来为您服务');
  await visitor.sees('您好，我来为您服务');
});

async function assertOwn({ visitor, desk }, name, first, turns) {
  await visitor.settled();
  await eventually(async () => {
    const texts = await visitor.texts();
    assert.deepEqual(await desk.texts(), texts);
    assert.deepEqual(
      [...texts].sort(),
      [...first, ...turns.flatMap((n) => [`${name}问 ${n}`, `答${name} ${n}`])].sort(),
    );
    for (const said of [`${name}问`, `答${name}`])
      assert.deepEqual(
        texts.filter((text) => text.startsWith(said)),
        turns.map((n) => `${said} ${n}`),
      );
  });
}
