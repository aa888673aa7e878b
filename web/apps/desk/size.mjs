// Weighs what the first view loads, as the browser loads it: the entry script and everything it imports at once.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const limit = 350 * 1024;
const dist = new URL('./dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');
const pending = [...html.matchAll(/(?:src|href)="\/desk\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
const weighed = new Map();

while (pending.length > 0) {
  const file = pending.pop();
  if (weighed.has(file)) continue;
  const code = readFileSync(new URL(file, dist));
  weighed.set(file, gzipSync(code, { level: 9 }).length);
  for (const [, name] of code
    .toString()
    .matchAll(/(?:^|[;}])(?:import|export)(?:[^'"()]*?from)?\s*["']\.\/([^"']+\.js)["']/g)) {
    pending.push(`assets/${name}`);
  }
}

// The workspace is a page of its own chunk; it is part of what an agent waits for.
const workspace = [
  ...readFileSync(new URL(pending[0] ?? [...weighed.keys()][0], dist), 'utf8').matchAll(
    /assets\/WorkspacePage-[\w-]+\.js/g,
  ),
];
for (const [file] of workspace) weighed.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);

const total = [...weighed.values()].reduce((sum, bytes) => sum + bytes, 0);
process.stdout.write(
  `desk first view: ${(total / 1024).toFixed(1)} KiB gzip of ${limit / 1024} in ${weighed.size} files\n`,
);
if (weighed.size === 0 || total > limit) {
  process.stderr.write('desk first view is too heavy, or its scripts were not found\n');
  process.exit(1);
}
