import { picture } from './picture.mjs';
import { eventually } from './wait.mjs';

/**
 * Leads through every screen in the states that a running server can bring about, and calls `show(room, state, page)` at each.
 * What it says is Chinese in every language: people write as they do.
 */
export async function tour(scene, locale, show) {
  await door(scene, locale, show);
  await hall(scene, locale, (state, page) => show('widget', state, page));
  await desk(scene, locale, show);
  await administration(scene, locale, show);
}

/** Every screen of the widget once more, in care mode. */
export async function careTour(scene, locale, show) {
  await hall(scene, locale, (state, page) => show('widget, large type', state, page), '20');
}

async function door(scene, locale, show) {
  const { page, watch } = await scene.page(await scene.context({ locale }), 'door');
  watch.allow(/401/);
  await page.goto(`${scene.server.url}/desk/`);
  await page.locator('#account').waitFor();
  await show('door', 'login', page);
  await page.locator('#account').fill('lin.xiao');
  await page.locator('#password').fill('wrong-password');
  await page.locator('form .primary').click();
  await page.locator('.wrong').waitFor();
  await show('door', 'refused', page);
  const security = await scene.desk('zheng.jie', { locale });
  await security.page.goto(`${scene.server.url}/desk/password`);
  await security.page.locator('#fresh').fill('short');
  await security.page.locator('form .primary').click();
  await security.page.locator('#rule.wrong').waitFor();
  await show('door', 'password', security.page);
  await security.page.goto(`${scene.server.url}/desk/conversation`);
  await security.page.locator('.missing').waitFor();
  await show('desk', 'forbidden', security.page);
}

async function hall(scene, locale, show, size) {
  const visitor = await scene.visitor({ locale, care: size });
  const { page, panel } = visitor;
  await panel.locator('.home').waitFor();
  await show('home', page);
  await panel.locator('.tool.care').click();
  await panel.locator('.sizes').waitFor();
  await show('choice of size', page);
  await (size ? panel.locator('.tool.care') : panel.locator('.sizes > .button')).click();
  await panel.locator('.sizes').waitFor({ state: 'detached' });
  await panel.locator('header .tool').nth(2).click();
  await show('page', page);
  await page.locator('button.launch').click();
  const first = await scene.visitor();
  await first.ask('宽带报障三天了');
  await first.settled();
  await visitor.ask('话费比上月多了 40 块，帮我看看');
  await panel.locator('.card.queue .ahead').waitFor();
  await visitor.settled();
  await show('queue', page);
  await first.panel.locator('.card.queue .button').click();
  await panel.locator('.card.queue .next').waitFor();

  const agent = await scene.desk('chen.jiayi', { locale });
  await agent.setAccepting(true);
  await agent.pick('话费比上月');
  await agent.say('您好，我是陈嘉怡，正在看您本月的账单，请稍等。');
  await visitor.sees('您好，我是陈嘉怡，正在看您本月的账单，请稍等。');
  await visitor.say('上月 89，这个月 129');
  await panel.locator('input[type=file]').setInputFiles(await picture(page, 320, 200));
  await loaded(panel.locator('.thread .picture img'));
  await agent.say('看到了：套餐外流量 30 元，来电铃声会员 10 元。');
  await visitor.sees('看到了：套餐外流量 30 元，来电铃声会员 10 元。');
  await agent.editor.pressSequentially('铃声');
  await panel.locator('.typing').waitFor();
  await show('talk', page);
  if (!size) {
    await panel.locator('.composer .tool').last().click();
    await panel.locator('.emoji').waitFor();
    await show('emoji', page);
    await page.keyboard.press('Escape');
  }
  await panel.locator('.picture').click();
  await panel.locator('.lightbox').waitFor();
  await show('picture', page);
  await page.keyboard.press('Escape');

  await agent.page.close();
  await panel.locator('header .dot.wait').waitFor();
  await show('agent away', page);
  await scene.setOffline(visitor, true);
  await panel.locator('.net').waitFor();
  await visitor.say('铃声我没开过，能退吗');
  await panel.locator('.marks.late').waitFor();
  await show('offline', page);
  await scene.setOffline(visitor, false);
  await panel.locator('.net').waitFor({ state: 'detached' });
  await visitor.settled();
  await panel.locator('header .tool').last().click();
  await panel.locator('dialog[open]').waitFor();
  await show('end?', page);
  await panel.locator('dialog .primary').click();
  // In large type nothing opens by itself.
  if (size) await panel.locator('.rated .button').click();
  await panel.locator('.rate').waitFor();
  await panel.locator('.stars label').nth(3).click();
  await show('rating', page);
  await panel.locator('.rate .primary').click();
  await panel.locator('.ended').waitFor();
  await show('ended', page);
}

async function desk(scene, locale, show) {
  const agent = await scene.desk('lin.xiao', { locale });
  const { page } = agent;
  await page.locator('.list .foot').getByText(/0/).waitFor();
  await show('desk', 'nothing to do', page);
  const visitors = [];
  for (const question of QUESTIONS) {
    const visitor = await scene.visitor();
    await visitor.ask(question);
    await visitor.settled();
    visitors.push(visitor);
  }
  await agent.box('queue').click();
  await agent.row(QUESTIONS[2]).waitFor();
  await show('desk', 'queue', page);
  await agent.row(QUESTIONS[3]).locator('a.hit').click();
  await agent.sees(QUESTIONS[3]);
  await show('desk', 'queued', page);
  await agent.setAccepting(true);
  await talkOf(agent, visitors[0]);
  await show('desk', 'talk', page);

  await agent.said('请问光猫上哪个灯在闪？').locator('.more').click();
  await page.locator('.menu').waitFor();
  await show('desk', 'menu of a message', page);
  await page.keyboard.press('Escape');
  await agent.said('您好，我是林晓，马上帮您看。').waitFor();
  await page.locator('.thread .image button').first().click();
  await page.locator('dialog[open]').waitFor();
  await show('desk', 'picture', page);
  await page.keyboard.press('Escape');
  await page.locator('.top .state').click();
  await show('desk', 'availability', page);
  await page.keyboard.press('Escape');
  await page.locator('.top .me').click();
  await show('desk', 'my menu', page);
  await page.locator('[role=menuitem]').nth(1).click();
  await page.locator('dialog[open]').waitFor();
  await show('desk', 'keys', page);
  await page.keyboard.press('Escape');
  await page.locator('.top .me').click();
  await page.locator('[role=menuitem]').first().click();
  await page.locator('.sessions li').first().waitFor();
  await show('desk', 'account security', page);
  await page.goBack();

  const colleague = await scene.desk('sun.yutong', { locale });
  await colleague.box('colleague').click();
  await colleague.row(QUESTIONS[1]).locator('a.hit').click();
  await colleague.sees(QUESTIONS[1]);
  await show('desk', 'colleague', colleague.page);
  await colleague.page.locator('.readonly button').click();
  await colleague.editor.fill('他家上周也报过一次');
  await show('desk', 'note', colleague.page);

  await scene.setOffline(agent, true);
  await agent.banner.waitFor();
  await agent.say('插头重新插一下');
  await agent.editor.fill('如果还是红灯，');
  await agent.thread.locator('.mark.waiting').waitFor();
  await show('desk', 'offline', page);
  await scene.setOffline(agent, false);
  await agent.banner.waitFor({ state: 'detached' });
  await page.keyboard.press('Alt+KeyW');
  await page.locator('.ask').waitFor();
  await show('desk', 'end?', page);
  await page.locator('.ask .primary').click();
  await page.locator('.readonly').waitFor();
  await agent.box('closed').click();
  await agent.row('').nth(2).waitFor();
  await show('desk', 'closed', page);
}

const QUESTIONS = [
  '家里宽带断网了，光猫红灯一直闪',
  '想改成 99 元的套餐，什么时候生效？',
  '投诉：装机师傅约了三次都没来',
  '国际漫游怎么开，下周去日本',
];

async function talkOf(agent, visitor) {
  await agent.pick(QUESTIONS[0]);
  await agent.say('您好，我是林晓，马上帮您看。');
  await agent.say('请问光猫上哪个灯在闪？');
  await visitor.sees('请问光猫上哪个灯在闪？');
  await visitor.say('LOS 那个，昨天还好好的');
  await visitor.panel.locator('input[type=file]').setInputFiles(await picture(visitor.page, 320, 200));
  await loaded(agent.thread.locator('.image img'));
  await agent.editor.press('Control+/');
  await agent.say('该小区今天有光缆割接，15 点恢复');
  await agent.sees('该小区今天有光缆割接，15 点恢复');
  await agent.editor.press('Control+/');
  await agent.say('您那边正在做光缆割接，预计下午三点恢复。');
  await agent.said('您那边正在做光缆割接，预计下午三点恢复。').locator('.mark.read').waitFor();
  await visitor.editor.pressSequentially('三点一定能');
  await agent.thread.locator('.ghost').waitFor();
  await agent.editor.fill('恢复后我给您');
}

async function administration(scene, locale, show) {
  const people = await scene.desk('zheng.jie', { locale });
  const { page } = people;
  const go = async (desk, path) => {
    await desk.page.goto(`${scene.server.url}/desk/${path}`);
    await desk.page.locator('tbody tr').first().waitFor();
  };
  await go(people, 'staff');
  await show('administration', 'staff', page);
  await page.locator('tbody .acts button').first().click();
  await show('administration', 'menu of an account', page);
  await page.locator('[role=menuitem]').first().click();
  await page.locator('dialog[open] fieldset label').first().waitFor();
  await show('administration', 'rights', page);
  await page.keyboard.press('Escape');
  await page.locator('tbody .acts button').first().click();
  await page.locator('[role=menuitem]').nth(1).click();
  await page.locator('dialog[open] dl').waitFor();
  await show('administration', 'sign-in of somebody', page);
  await page.keyboard.press('Escape');
  await go(people, 'staff/role');
  await show('administration', 'roles', page);
  await page.locator('tbody .acts button').first().click();
  await page.locator('dialog[open]').waitFor();
  await show('administration', 'role', page);

  const system = await scene.desk('wu.hao', { locale });
  await go(system, 'staff');
  await system.page.locator('.tools .primary').click();
  await system.page.locator('#staff-login').fill('qian.duo');
  await system.page.locator('#staff-name').fill('钱多');
  await show('administration', 'account', system.page);
  await system.page.locator('dialog .primary').click();
  await system.page.locator('dialog code').last().waitFor();
  await show('administration', 'one-time password', system.page);
  await system.page.locator('dialog .primary').click();
  for (const [path, state] of [
    ['staff/group', 'groups'],
    ['staff/branch', 'branches'],
    ['setting', 'settings'],
  ]) {
    await go(system, path);
    await show('administration', state, system.page);
    await system.page.locator('tbody .acts button').last().click();
    await system.page.locator('dialog[open]').waitFor();
    await show('administration', `${state}, one`, system.page);
  }
  await siteTour(system, show);
  const auditor = await scene.desk('shen.lan', { locale });
  await go(auditor, 'audit');
  await show('administration', 'audit', auditor.page);
}

/** The settings of a site, tab by tab. */
async function siteTour({ page, stage }, show) {
  await page.goto(`${stage.server.url}/desk/site`);
  await page.locator('.tools .primary').click();
  await page.locator('dialog[open]').waitFor();
  await show('administration', 'sites, a new one', page);
  await page.keyboard.press('Escape');
  await page.locator('tbody .acts a').first().click();
  const tabs = page.locator('[role=tab]');
  await tabs.first().waitFor();
  await page.locator('#site-brand').fill('#ffcc00');
  for (const nth of Array.from({ length: await tabs.count() }, (_, nth) => nth)) {
    await tabs.nth(nth).click();
    await show('administration', `site, tab ${nth + 1}`, page);
  }
  await page.locator('header a.btn').click();
  await page.locator('dialog[open]').waitFor();
  await show('administration', 'site, leaving', page);
  await page.locator('dialog .primary').click();
}

const loaded = (images) =>
  eventually(async () => {
    const ready = await images.evaluateAll(
      (all) => all.length > 0 && all.every((one) => one.complete && one.naturalWidth),
    );
    if (!ready) throw new Error('a picture has not loaded');
  });
