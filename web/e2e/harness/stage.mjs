import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { violations } from './access.mjs';
import { prepare } from './browser.mjs';
import { Desk } from './desk.mjs';
import { Visitor } from './visitor.mjs';
import { Watch } from './watch.mjs';

const FAILURES = fileURLToPath(new URL('../../../target/e2e/', import.meta.url));

/** One server and everybody who comes to it, each with a browser of their own. */
export class Stage {
  server;
  #contexts = [];
  #watched = [];
  /** The network was broken on purpose: what browsers say of that is no fault. */
  #isDisturbed = false;
  #browser;

  constructor(browser) {
    this.#browser = browser;
  }

  async context(options = {}) {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 720 },
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      ...options,
    });
    context.setDefaultTimeout(15_000);
    await context.addInitScript(prepare);
    this.#contexts.push(context);
    return context;
  }
  async page(context, name) {
    const page = await context.newPage();
    const watch = new Watch(page, () => !this.#isDisturbed);
    this.#watched.push({ watch, page, name });
    return { page, watch };
  }
  faults() {
    return this.#watched.flatMap(({ watch, name }) => watch.faults.map((fault) => `${name}: ${fault}`));
  }
  async photograph(test) {
    await mkdir(FAILURES, { recursive: true });
    for (const [number, { page, name }] of this.#watched.entries()) {
      if (!page.isClosed()) await page.screenshot({ path: `${FAILURES}${test.slice(0, 40)} ${number} ${name}.png` });
    }
  }
  async close() {
    await Promise.all(this.#contexts.map((context) => context.close()));
    await this.server?.dispose();
  }

  /** Somebody with a browser of their own on the customer's page, the widget open. */
  visitor(options) {
    return Visitor.arrive(this, options);
  }
  /** An agent or administrator with a browser of their own, logged in. */
  desk(login, options) {
    return Desk.arrive(this, login, options);
  }
  /** A customer in talk with an agent. */
  async talk(question, { agent = 'lin.xiao', visitor: visitorOptions, desk: deskOptions } = {}) {
    const visitor = await this.visitor(visitorOptions);
    await visitor.ask(question);
    const desk = await this.desk(agent, deskOptions);
    await desk.setAccepting(true);
    await desk.pick(question);
    return { visitor, desk };
  }

  /** From now on browsers may say that the network fails. */
  disturb() {
    this.#isDisturbed = true;
  }
  kill() {
    this.disturb();
    return this.server.kill();
  }
  stop() {
    this.disturb();
    return this.server.stop();
  }
  setOffline(person, isOffline) {
    this.disturb();
    return person.context.setOffline(isOffline);
  }

  async assertAccessible({ page }, what) {
    assert.deepEqual(await violations(page), [], `axe on ${what}`);
  }
}
