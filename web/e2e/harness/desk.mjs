import assert from 'node:assert/strict';
import { blockSocket } from './browser.mjs';
import { eventually } from './wait.mjs';

const WORDS = {
  'zh-CN': {
    account: '账号',
    password: '密码',
    login: '登录',
    state: '接待状态',
    accepting: '在线接待',
    paused: '暂停接待',
  },
  en: {
    account: 'Account',
    password: 'Password',
    login: 'Sign in',
    state: 'Availability',
    accepting: 'Accepting',
    paused: 'Paused',
  },
};

const BOXES = ['mine', 'queue', 'colleague', 'closed'];

/** Somebody of the staff at the desk. */
export class Desk {
  /** `isAt`: `login` = not logged in yet, `door` = whatever comes after it, `desk` = there. */
  static async arrive(
    stage,
    login,
    { locale = 'zh-CN', theme = 'light', viewport, password, blockSockets = false, isAt = 'desk', origin } = {},
  ) {
    const desk = new Desk();
    desk.stage = stage;
    desk.login = login;
    desk.words = WORDS[locale];
    desk.context = await stage.context({ locale, colorScheme: theme, viewport });
    desk.blockSockets = blockSockets;
    desk.origin = origin ?? stage.server.url;
    await desk.open();
    if (isAt === 'login') return desk;
    await desk.logIn(password ?? stage.server.passwords.get(login));
    if (isAt === 'desk') await desk.page.locator('.top').waitFor();
    return desk;
  }

  async open(path = '/desk/') {
    Object.assign(this, await this.stage.page(this.context, this.login));
    // Asking whether anybody is logged in is answered with 401, which the console calls an error.
    this.watch.allow(/401.*\/api\/v1\/auth\/me$/);
    if (this.blockSockets) await blockSocket(this.page);
    await this.page.goto(this.origin + path);
  }

  async logIn(password) {
    await this.page.getByLabel(this.words.account, { exact: true }).fill(this.login);
    await this.page.getByLabel(this.words.password, { exact: true }).fill(password);
    await this.page.getByRole('button', { name: this.words.login, exact: true }).click();
  }

  async setAccepting(isOn) {
    const wish = isOn ? this.words.accepting : this.words.paused;
    const state = this.page.getByRole('button', { name: new RegExp(`^${this.words.state}`) });
    await state.click();
    await this.page.getByRole('menuitemradio', { name: wish }).click();
    await this.page.getByRole('button', { name: `${this.words.state}：${wish}` }).waitFor();
  }

  box(name) {
    return this.page.locator('.boxes button').nth(BOXES.indexOf(name));
  }
  row(text) {
    return this.page.locator('.list .row', { hasText: text });
  }
  /** Opens the conversation whose row shows this text: the customer's name or their last words. */
  async pick(text, within) {
    await this.row(text).locator('a.hit').click({ timeout: within });
    await this.editor.waitFor();
  }

  get editor() {
    return this.page.locator('#editor');
  }
  get thread() {
    return this.page.getByRole('log');
  }
  get head() {
    return this.page.locator('.pane .head');
  }
  get banner() {
    return this.page.locator('.desk > .state');
  }
  said(text) {
    return this.thread.locator('.message', { has: this.page.locator('.bubble').getByText(text, { exact: true }) });
  }
  async say(text) {
    await this.editor.fill(text);
    await this.editor.press('Enter');
  }
  async sees(text, within) {
    await this.said(text).waitFor({ timeout: within });
  }
  /** All texts of both sides and all notes, oldest first. */
  texts() {
    return this.thread.locator('.message .bubble .text').allInnerTexts();
  }
  async assertTexts(expected, within) {
    await eventually(async () => assert.deepEqual(await this.texts(), expected), within);
  }
}
