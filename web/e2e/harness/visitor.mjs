import assert from 'node:assert/strict';
import { blockSocket } from './browser.mjs';
import { eventually } from './wait.mjs';

const WORDS = {
  'zh-CN': { ask: '说说遇到了什么', say: '输入消息', human: '人工客服', end: '结束会话' },
  en: { ask: 'Tell us what happened', say: 'Write a message', human: 'Talk to a person', end: 'End chat' },
};

/** A person on the operator's page, with the widget open. */
export class Visitor {
  /** Every frame that came over the socket, as text. */
  received = '';

  static async arrive(
    stage,
    { locale = 'zh-CN', theme = 'light', viewport, blockSockets = false, isOpen = true, origin, care } = {},
  ) {
    const visitor = new Visitor();
    visitor.stage = stage;
    visitor.locale = locale;
    visitor.words = WORDS[locale];
    visitor.context = await stage.context({ locale, colorScheme: theme, viewport });
    visitor.blockSockets = blockSockets;
    // As somebody comes who has chosen large type before.
    if (care) await visitor.context.addInitScript((size) => localStorage.setItem('yd:care', size), care);
    visitor.origin = origin ?? stage.server.url;
    await visitor.open(isOpen);
    return visitor;
  }

  /** Also after its page was closed: the same browser comes again. */
  async open(isOpen = true) {
    Object.assign(this, await this.stage.page(this.context, 'visitor'));
    if (this.blockSockets) await blockSocket(this.page);
    if (this.locale !== 'zh-CN') await this.page.route(`${this.origin}/`, (route) => this.#translated(route));
    this.page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        this.received += `${payload}\n`;
      }),
    );
    await this.page.goto(this.origin);
    if (isOpen) await this.openPanel();
  }
  /** The page of an operator who asks for the widget in another language. */
  async #translated(route) {
    const response = await route.fetch();
    const body = (await response.text()).replace('data-locale="zh-CN"', `data-locale="${this.locale}"`);
    await route.fulfill({ response, body });
  }

  /** With a conversation under way the panel is there, but waits behind the launcher. */
  async openPanel() {
    await this.page.locator('button.launch').click();
    await this.findPanel();
  }
  async findPanel() {
    this.panel = this.page.frameLocator('iframe.panel');
    await this.panel.locator('header h1').waitFor();
  }
  async reload() {
    await this.page.reload();
    await this.openPanel();
  }

  get editor() {
    return this.panel.getByLabel(this.words.say, { exact: true });
  }
  get thread() {
    return this.panel.locator('ol.thread');
  }
  get status() {
    return this.panel.locator('header [role=status]');
  }
  said(text) {
    return this.thread.locator('.said', { has: this.panel.locator('.bubble').getByText(text, { exact: true }) });
  }

  /** The first question, from the home view. */
  async ask(text) {
    await this.panel.getByLabel(this.words.ask, { exact: true }).fill(text);
    await this.page.keyboard.press('Enter');
    await this.said(text).waitFor();
  }
  async say(text) {
    await this.editor.fill(text);
    await this.editor.press('Enter');
  }

  /** The server has it: nothing waits and nothing is on its way. */
  async settled() {
    await eventually(async () =>
      assert.equal(await this.thread.locator('.marks.late, .marks.soon, .marks.bad').count(), 0),
    );
  }
  /** The page was told, by `heard` of its script. */
  async hears(what) {
    await eventually(async () => {
      const heard = await this.page.evaluate(() => window.heard);
      assert.ok(heard.includes(what), `${heard}`);
    });
  }
  async sees(text, within) {
    await this.said(text).waitFor({ timeout: within });
  }
  /** All texts of both sides, oldest first. */
  texts() {
    return this.thread.locator('.said .bubble:not(.typing)').allInnerTexts();
  }
  async assertTexts(expected, within) {
    await eventually(async () => assert.deepEqual(await this.texts(), expected), within);
  }
}
