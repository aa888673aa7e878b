// Takes a picture of every state in every look, and holds each to axe-core. Usage: node scenarios/shots.mjs OUT_DIR [state …] [--looks light,care,…]
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { looks: { type: 'string' } } });
const [out, ...only] = positionals;
if (!out) throw new Error('where to? node scenarios/shots.mjs OUT_DIR [state …]');
const STATES = [
  'home',
  'connecting',
  'queued',
  'next',
  'talking',
  'away',
  'cards',
  'image',
  'files',
  'recalled',
  'ended',
  'rate',
  'rated',
  'invited',
  'passed',
  'offline',
  'emoji',
  'confirm',
  'sizes',
  'logo',
  'logoTalking',
  'logoLost',
];
const LOOKS = [
  { name: 'light', size: [380, 640], query: '' },
  { name: 'dark', size: [380, 640], query: 'theme=dark' },
  { name: 'phone', size: [390, 844], query: '' },
  { name: 'en', size: [380, 640], query: 'locale=en' },
  { name: 'care', size: [390, 844], query: 'care=20' },
  { name: 'care-large', size: [390, 844], query: 'care=30' },
  { name: 'care-panel', size: [380, 640], query: 'care=24' },
  { name: 'care-dark', size: [390, 844], query: 'care=20&theme=dark' },
  { name: 'forced', size: [380, 640], query: '' },
  { name: 'care-en', size: [390, 844], query: 'care=30&locale=en' },
];
await mkdir(out, { recursive: true });
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const server = await createServer({
  root: fileURLToPath(new URL('..', import.meta.url)),
  configFile: false,
  logLevel: 'error',
  server: { port: 8160 },
});
await server.listen();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
let violations = 0;
const looks = values.looks?.split(',');
for (const { name, size, query } of LOOKS.filter((one) => looks?.includes(one.name) ?? true)) {
  const [width, height] = size;
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: 2,
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    forcedColors: name === 'forced' ? 'active' : 'none',
  });
  for (const state of STATES.filter((one) => only.length === 0 || only.includes(one))) {
    const page = await context.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(`${server.resolvedUrls.local[0]}scenarios/index.html?state=${state}&${query}`);
    await page.waitForSelector('.head');
    if (state === 'offline') await page.waitForSelector('.net');
    else if (state !== 'connecting')
      await page.waitForFunction(() => !/正在连接|Connecting/.test(document.querySelector('.title p').textContent));
    await page.waitForTimeout(200); // the last of the entries, and the scrolling to them
    if (state === 'rate') {
      const open = page.getByRole('button', { name: /评价这次服务|Rate this service/ });
      if (await open.isVisible()) await open.click();
      await page.getByRole('radio').nth(3).check({ force: true });
      await page.locator('.chips button').first().click();
    }
    if (state === 'emoji' && !name.startsWith('care')) await page.locator('.composer [aria-expanded]').click();
    if (state === 'sizes') await page.locator('.head .care').click();
    if (state === 'confirm') await page.locator('.head .tool').last().click();
    await page.waitForTimeout(100);
    await page.screenshot({ path: `${out}/${state}-${name}.png` });
    await page.addScriptTag({ content: axe });
    const result = await page.evaluate(() => globalThis.axe.run());
    const overflow = await page.evaluate(
      () =>
        document.documentElement.scrollWidth > innerWidth ||
        [...document.querySelectorAll('.body')].some((body) => body.scrollWidth > body.clientWidth),
    );
    for (const { id, nodes } of result.violations)
      faults.push(`${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
    if (overflow) faults.push('overflows sideways');
    for (const fault of faults) process.stdout.write(`${state}-${name}: ${fault}\n`);
    violations += faults.length;
    await page.close();
  }
  await context.close();
}
await browser.close();
await server.close();
process.stdout.write(`${violations} faults\n`);
process.exitCode = violations > 0 ? 1 : 0;
