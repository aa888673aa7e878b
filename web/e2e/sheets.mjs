// Photographs every screen in every look into contact sheets under target/sheets: node sheets.mjs [zh-CN|en …]
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launch } from './harness/browser.mjs';
import { findSeed } from './harness/seed.mjs';
import { Server } from './harness/server.mjs';
import { Stage } from './harness/stage.mjs';
import { careTour, tour } from './harness/tour.mjs';

const OUT = fileURLToPath(new URL('../../target/sheets/', import.meta.url));
const LOOKS = [
  { name: 'wide', size: { width: 1440, height: 900 }, scheme: 'light', columns: 3, shown: 640 },
  { name: 'wide-dark', size: { width: 1440, height: 900 }, scheme: 'dark', columns: 3, shown: 640 },
  { name: 'narrow', size: { width: 1280, height: 720 }, scheme: 'light', columns: 3, shown: 640 },
  { name: 'tablet', size: { width: 768, height: 1024 }, scheme: 'light', columns: 4, shown: 460 },
  { name: 'phone', size: { width: 390, height: 844 }, scheme: 'light', columns: 6, shown: 300 },
  { name: 'phone-dark', size: { width: 390, height: 844 }, scheme: 'dark', columns: 6, shown: 300 },
];
/** Care mode, by the size of its type. */
const CARE_LOOKS = [
  { name: 'care-wide', size: { width: 1440, height: 900 }, scheme: 'light', columns: 3, shown: 640, px: '20' },
  { name: 'care-tablet', size: { width: 768, height: 1024 }, scheme: 'light', columns: 4, shown: 460, px: '24' },
  { name: 'care-phone', size: { width: 390, height: 844 }, scheme: 'light', columns: 6, shown: 300, px: '20' },
  { name: 'care-phone-dark', size: { width: 390, height: 844 }, scheme: 'dark', columns: 6, shown: 300, px: '30' },
];
/** More on one sheet and it can no longer be read. */
const ROWS = 3;

const [seed, browser] = await Promise.all([findSeed(), launch()]);
await mkdir(OUT, { recursive: true });
try {
  const named = process.argv.slice(2);
  for (const locale of named.length > 0 ? named : ['zh-CN', 'en']) {
    await photograph(tour, LOOKS, locale);
    await photograph(careTour, CARE_LOOKS, locale);
  }
} finally {
  await browser.close();
  await seed.dispose();
}

async function photograph(lead, looks, locale) {
  const scene = new Stage(browser);
  scene.server = await Server.start(seed);
  const shots = new Map(looks.map(({ name }) => [name, []]));
  try {
    await lead(scene, locale, async (room, state, page) => {
      const before = page.viewportSize();
      for (const { name, size, scheme, px } of looks) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        if (px) await setSize(page, px);
        shots.get(name).push({ title: `${room} · ${state}`, png: await page.screenshot() });
      }
      if (looks === CARE_LOOKS) await setSize(page, '20');
      await page.setViewportSize(before);
      await page.emulateMedia({ colorScheme: 'light' });
    });
    for (const look of looks) await lay(look, locale, shots.get(look.name));
  } finally {
    await scene.close();
  }
}

async function setSize(page, px) {
  const panel = page.frames().find((frame) => frame.url().includes('/panel.html'));
  await panel?.evaluate((size) => {
    document.documentElement.dataset.ydCareSize = size;
  }, px);
}

async function lay({ name, columns, shown }, locale, shots) {
  const page = await browser.newPage({ viewport: { width: columns * (shown + 16) + 16, height: 600 } });
  for (let from = 0; from < shots.length; from += columns * ROWS) {
    const figures = shots
      .slice(from, from + columns * ROWS)
      .map(
        ({ title, png }) =>
          `<figure><figcaption>${title}</figcaption><img width="${shown}" src="data:image/png;base64,${png.toString('base64')}"></figure>`,
      );
    await page.setContent(`<style>body{margin:8px;background:#888;font:14px sans-serif;display:grid;grid-template-columns:repeat(${columns},${shown}px);gap:8px 16px}
      figure{margin:0}img{display:block}</style>${figures.join('')}`);
    await page.screenshot({ path: `${OUT}${locale}-${name}-${from / (columns * ROWS) + 1}.png`, fullPage: true });
  }
  await page.close();
}
