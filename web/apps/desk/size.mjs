// Weighs the scripts an agent waits for before the workspace stands: the entry, its two pages, and everything these import at once.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const limit = 350 * 1024;
const assets = new URL('./dist/assets/', import.meta.url);
const html = readFileSync(new URL('./dist/index.html', import.meta.url), 'utf8');
const entry = /<script[^>]+src="\/desk\/assets\/([^"]+\.js)"/.exec(html)?.[1];
const pages = readdirSync(assets).filter((file) => /^(DeskLayout|WorkspacePage)-.*\.js$/.test(file));
if (!entry || pages.length !== 2) throw new Error('the entry or the pages of the first view were not found');

const weighed = new Map();
const pending = [entry, ...pages];
while (pending.length > 0) {
  const file = pending.pop();
  if (weighed.has(file)) continue;
  const code = readFileSync(new URL(file, assets));
  weighed.set(file, gzipSync(code, { level: 9 }).length);
  for (const [, name] of code.toString().matchAll(/(?:import|from)\s*["']\.\/([^"']+\.js)["']/g)) pending.push(name);
}

const total = [...weighed.values()].reduce((sum, bytes) => sum + bytes, 0);
process.stdout.write(
  `desk first view: ${(total / 1024).toFixed(1)} KiB gzip of ${limit / 1024} in ${weighed.size} scripts\n`,
);
if (total > limit) {
  process.stderr.write('the first view of the desk is too heavy\n');
  process.exit(1);
}
