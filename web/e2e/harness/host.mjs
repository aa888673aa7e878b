import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Visitor } from './visitor.mjs';

/** What page scripts say before the widget's script has come: the line of docs/guides/host-page.md. */
const STUB = 'window.yingda = window.yingda || function () { (yingda.q = yingda.q || []).push(arguments); };';

/** An operator's site on an origin of its own, with a strict policy, and a server that knows who is logged in and can sign it. */
export class HostSite {
  script = '';
  style = '';
  head = '';
  /** How many seconds its clock is behind when it signs. */
  ago = 0;
  /** It lets nobody make addresses of scripts from plain text. */
  wantsTrustedTypes = true;
  /** The line of the widget stands on its pages. */
  hasWidget = true;
  /** It fails when asked who is there. */
  isBroken = false;
  #server;
  #key = '';

  static async open(stage) {
    const site = new HostSite();
    site.service = stage.server.url;
    site.#server = createServer((request, response) => site.#answer(request, response));
    site.#server.listen(0, '127.0.0.1');
    await once(site.#server, 'listening');
    await site.#register(stage.server.passwords.get('wu.hao'));
    return site;
  }
  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Of the same site as the service, as service.shop.example is of shop.example: the panel may keep things. */
  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }
  /** Of another site: this browser keeps the panel from all storage there. */
  get foreignUrl() {
    return `http://localhost:${this.#server.address().port}`;
  }
  /** The lines an operator has to add, and not one more. */
  get policy() {
    return [
      "default-src 'none'",
      `script-src 'self' ${this.service}`,
      "style-src 'self'",
      `frame-src ${this.service}`,
      `connect-src 'self' ${this.service}`,
      ...(this.wantsTrustedTypes ? ["require-trusted-types-for 'script'", "trusted-types 'none'"] : []),
    ].join('; ');
  }

  /** Signs for a customer as the guide says. */
  vouch(subject, name) {
    const now = Math.floor(Date.now() / 1000) - this.ago;
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { aud: 'demo', sub: subject, jti: randomUUID(), iat: now, exp: now + 120, name, level: 'VIP' };
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    return `${signed}.${createHmac('sha256', this.#key).update(signed).digest('base64url')}`;
  }

  async #register(password) {
    const call = async (method, path, token, body) => {
      const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
      const init = { method, headers, body: JSON.stringify(body) };
      const response = await fetch(`${this.service}/api/v1/${path}`, init);
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
      return response.json();
    };
    const { token } = await call('POST', 'auth/login', '', { login: 'wu.hao', password, bearer: true });
    const [site] = (await call('GET', 'channel/sites', token)).items;
    const { id, rev } = site;
    const profile = { ...site, origins: [this.url, this.foreignUrl] };
    await call('PATCH', `channel/sites/${id}`, token, { rev, profile });
    this.#key = (await call('POST', `channel/sites/${id}/secrets`, token, {})).text;
  }

  #answer(request, response) {
    const { pathname } = new URL(request.url, this.url);
    const send = (type, text) => {
      response.setHeader('Content-Type', `${type}; charset=utf-8`);
      response.setHeader('Content-Security-Policy', this.policy);
      response.end(text);
    };
    if (pathname === '/app.js') send('text/javascript', `${STUB}\n${this.script}`);
    else if (pathname === '/app.css') send('text/css', `body { margin: 0; min-height: 3000px }\n${this.style}`);
    else if (pathname === '/who') {
      const who = /who=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
      if (this.isBroken) request.socket.destroy();
      else send('text/plain', who ? this.vouch(who, who === 'c-1' ? '张女士' : '李先生') : '');
    } else if (pathname === '/favicon.ico') response.writeHead(204).end();
    else if (pathname === '/around') {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Content-Security-Policy', `default-src 'none'; frame-src ${this.url}`);
      response.end(
        `<!doctype html><html lang="zh-CN"><head><title>门户</title></head><body><iframe id="inner" title="商城" src="${this.url}" width="900" height="650"></iframe></body></html>`,
      );
    } else
      send(
        'text/html',
        `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>掌上商城</title><link rel="stylesheet" href="/app.css">
<script src="/app.js"></script>${this.hasWidget ? `<script src="${this.service}/widget.js" data-key="demo" data-locale="zh-CN" async></script>` : ''}${this.head}</head>
<body><main><h1>掌上商城</h1><p id="fact">页面自己的内容</p><button id="own" type="button">页面自己的按钮</button></main></body></html>`,
      );
  }

  /** Somebody on a page of this site; the widget is not opened. */
  async visit(stage, { context, prepare, url = this.url } = {}) {
    const visitor = new Visitor();
    Object.assign(visitor, { stage, locale: 'zh-CN' });
    visitor.words = { ask: '说说遇到了什么', say: '输入消息' };
    visitor.context = context ?? (await stage.context());
    if (prepare) await visitor.context.addInitScript(prepare);
    Object.assign(visitor, await stage.page(visitor.context, 'customer of the host'));
    await visitor.page.goto(url);
    return visitor;
  }
}

/** Logs a browser in at the host, or out: what a form there would do. */
export async function logIn(context, url, who) {
  await context.clearCookies();
  if (who) await context.addCookies([{ name: 'who', value: who, url }]);
}
