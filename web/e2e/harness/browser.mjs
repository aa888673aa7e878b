import { chromium } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `keepsPages`: with the memory for pages one goes back to, which Playwright switches off. */
export const launch = ({ keepsPages = false } = {}) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ARGS,
    ignoreDefaultArgs: keepsPages ? ['--disable-back-forward-cache'] : [],
  });

/**
 * Runs in every frame before its own scripts. A violated policy becomes an error of the page, so that it fails the test; and the widget's shadow
 * tree is opened, because neither Playwright nor axe sees into a closed one.
 */
export function prepare() {
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
    reportError(new Error(`policy violated: ${violatedDirective} by ${blockedURI} at ${sourceFile}:${lineNumber}`)),
  );
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    return attach.call(this, { ...init, mode: 'open' });
  };
}

/** As a proxy does that knows nothing of WebSockets: each is closed as soon as it opens. */
export const blockSocket = (page) =>
  page.routeWebSocket(/\/api\/v1\/socket$/, (socket) => socket.close({ code: 1011 }));
