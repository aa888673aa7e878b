import assert from 'node:assert/strict';
import { HostSite } from '../harness/host.mjs';
import { journey } from '../harness/journey.mjs';

/** Loads of each kind, taken in turn; of what took time the middle one is printed. */
const LOADS = 5;

/** Runs before the page: what browsers measure of their own (the figures Lighthouse is made of). */
function observe() {
  if (window !== top) return;
  window.burden = { shift: 0, blocked: 0, painted: 0 };
  const on = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  on('layout-shift', ({ value, hadRecentInput }) => {
    if (!hadRecentInput) window.burden.shift += value;
  });
  on('longtask', ({ duration }) => {
    window.burden.blocked += Math.max(0, duration - 50);
  });
  on('largest-contentful-paint', ({ startTime }) => {
    window.burden.painted = startTime;
  });
}
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function load(scene, site, { prepare, waitFor, url = site.url }) {
  const context = await scene.context();
  await context.addInitScript(observe);
  const { page, watch } = await scene.page(context, 'page that is measured');
  await prepare?.(page, watch);
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await waitFor?.(page);
  // Twice idle: what the widget has put off is done too.
  const idle = () => new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => done())));
  await page.evaluate(idle);
  await page.evaluate(idle);
  const found = await page.evaluate(() => ({
    ...window.burden,
    ready: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
  }));
  await page.getByRole('button', { name: '页面自己的按钮' }).click({ timeout: 5_000 });
  await context.close();
  return found;
}

journey(
  'the page of the operator stands as still with the widget as without, and can be used, server up or down',
  async (scene) => {
    const site = await HostSite.open(scene);
    const hold = (what) => (page, watch) => {
      watch.allow(/ERR_/);
      return page.route(`${site.service}/${what}`, () => {});
    };
    const launcher = (page) => page.locator('button.launch').waitFor();
    const kinds = {
      without: { without: true },
      'server up': { waitFor: launcher },
      'calls hang': { prepare: hold('api/**') },
      'script hangs': { prepare: hold('**') },
      'server down': {
        prepare: (page, watch) => {
          watch.allow(/ERR_/);
          return page.route(`${site.service}/**`, (route) => route.abort('connectionrefused'));
        },
      },
    };
    try {
      const all = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
      for (let round = 0; round < LOADS; round += 1)
        for (const [kind, how] of Object.entries(kinds)) {
          site.hasWidget = !how.without;
          all[kind].push(await load(scene, site, how));
        }
      const figure = (kind, what) => middle(all[kind].map((one) => one[what]));
      for (const kind of Object.keys(kinds)) {
        const told = ['shift', 'blocked', 'painted', 'ready'].map((what) => `${what} ${figure(kind, what).toFixed(1)}`);
        process.stdout.write(`${kind.padEnd(14)} ${told.join(', ')}\n`);
        assert.ok(
          all[kind].every(({ shift }) => shift === 0),
          `${kind}: the page moves`,
        );
      }
    } finally {
      site.close();
    }
  },
);
