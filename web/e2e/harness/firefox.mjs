import { existsSync } from 'node:fs';
import { firefox } from 'playwright-core';

const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const mayMiss = (process.env.YINGDA_ALLOW_MISSING ?? '').split(',').includes('firefox');
/** For tests: left out only where it is not there and `./test` was told that it may be missing. */
export const skip = mayMiss && !existsSync(executablePath) && 'no Firefox here, as allowed';

/** What Playwright sends to each browser and Debian's Firefox does not know: nobody here asks it for another colour scheme. */
const UNKNOWN = 'emulation.setMediaFeaturesOverride';

/**
 * The Firefox that people have, not one built for testing: driven by WebDriver BiDi. Playwright-core runs in this process, so the object behind its
 * face is at hand, and the one command this Firefox does not know is answered here.
 */
export async function launchFirefox() {
  const browser = await firefox.launch({ channel: 'moz-firefox', executablePath });
  // oxlint-disable-next-line no-underscore-dangle -- their names, not ours
  const session = browser._connection.toImpl(browser)._browserSession;
  const send = session.send.bind(session);
  session.send = (method, ...rest) => (method === UNKNOWN ? Promise.resolve({}) : send(method, ...rest));
  return browser;
}
