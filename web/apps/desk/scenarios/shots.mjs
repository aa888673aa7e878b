// Pictures of every drawn state, and axe on each:  node scenarios/shots.mjs OUT [scenario,…] [--sizes 1440x900,…] [--themes light,dark] [--locales zh-CN,en] [--forced]

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { steps } from './steps.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '1440x900' },
    themes: { type: 'string', default: 'light' },
    locales: { type: 'string', default: 'zh-CN' },
    density: { type: 'string', default: 'standard' },
    /** As Windows shows it to those who need their own few colours. */
    forced: { type: 'boolean', default: false },
  },
});
const [out, only] = positionals;
if (!out) throw new Error('say where the pictures go');
mkdirSync(out, { recursive: true });
const wanted = only ? only.split(',') : Object.keys(steps);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const server = await createServer({
  configFile: new URL('../vite.config.ts', import.meta.url).pathname,
  root: new URL('..', import.meta.url).pathname,
  server: { host: '127.0.0.1', proxy: {} },
  logLevel: 'warn',
});
await server.listen();
const base = `${server.resolvedUrls.local[0]}scenarios/index.html`;
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

let faults = 0;
const fault = (name, text) => {
  faults += 1;
  process.stderr.write(`${name}: ${text}\n`);
};

for (const size of values.sizes.split(',')) {
  const [width, height] = size.split('x').map(Number);
  for (const theme of values.themes.split(',')) {
    for (const locale of values.locales.split(',')) {
      const context = await browser.newContext({
        viewport: { width, height },
        locale,
        reducedMotion: 'reduce',
        forcedColors: values.forced ? 'active' : 'none',
      });
      // The widget is not here; the real one is looked at in e2e/journeys/sites.test.mjs.
      await context.route('**/widget/preview.html', (route) =>
        route.fulfill({ contentType: 'text/html', body: '<title>-</title>' }),
      );
      for (const name of wanted) {
        const step = steps[name];
        if (!step) throw new Error(`no such picture: ${name}`);
        const file = `${name}-${size}-${theme}-${locale}`;
        const page = await context.newPage();
        page.on('pageerror', (error) => fault(file, String(error)));
        page.on(
          'console',
          (message) =>
            message.type() === 'error' &&
            !/status of (401|404|500|503)/.test(message.text()) &&
            fault(file, message.text()),
        );
        if (step.kept) await page.addInitScript((kept) => Object.assign(sessionStorage, kept), step.kept);
        await page.goto(
          `${base}?scenario=${step.scenario ?? name}&theme=${theme}&locale=${locale}&density=${values.density}`,
        );
        await page.waitForSelector(step.ready ?? '#main, main');
        await page.evaluate(() => document.fonts.ready);
        await step.act?.(page, { phone: width <= 720 });
        await page.waitForTimeout(step.settle ?? 150);
        const overflow = await page.evaluate(
          () =>
            document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight,
        );
        if (overflow) fault(file, 'the page itself scrolls');
        await page.screenshot({ path: `${out}/${file}.png` });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() =>
          globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
        );
        for (const violation of violations)
          fault(
            file,
            `${violation.id}: ${violation.nodes
              .map((node) => `${node.target} ${node.any[0]?.message ?? node.all[0]?.message ?? ''}`)
              .slice(0, 3)
              .join(' | ')}`,
          );
        await page.close();
      }
      await context.close();
    }
  }
}
await browser.close();
await server.close();
process.stdout.write(`${faults} faults\n`);
process.exit(faults ? 1 : 0);
