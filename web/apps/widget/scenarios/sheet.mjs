// Puts pictures side by side for looking at: node scenarios/sheet.mjs OUT.png A.png B.png …

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [out, ...pictures] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ viewport: { width: 1680, height: 400 } });
const images = pictures.map((path) => `<img src="${pathToFileURL(resolve(path))}">`).join('');
await writeFile(
  `${out}.html`,
  `<style>body{margin:16px;display:flex;flex-wrap:wrap;gap:16px;background:#c4c9d0}img{width:396px}</style>${images}`,
);
await page.goto(`${pathToFileURL(resolve(out))}.html`, { waitUntil: 'load' });
await page.screenshot({ path: out, fullPage: true });
await browser.close();
