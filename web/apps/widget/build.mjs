// Builds the widget into dist/: widget.js (the loader, stable name), panel.html with hashed assets, and the demo page. Fails above the limits.
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIMITS = { 'widget.js': 8 * 1024, panel: 40 * 1024 };
const shared = { root: at('.'), configFile: false, logLevel: 'warn' };

await rm(at('dist'), { recursive: true, force: true });
await build({
  ...shared,
  base: '/widget/',
  build: {
    outDir: 'dist',
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      input: at('panel.html'),
      output: {
        entryFileNames: 'panel-[hash].js',
        chunkFileNames: 'panel-[hash].js',
        assetFileNames: 'panel-[hash][extname]',
      },
    },
  },
});
await build({
  ...shared,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: at('src/loader/main.ts'), formats: ['iife'], name: '_', fileName: () => 'widget.js' },
  },
});
await cp(at('demo'), at('dist/demo'), { recursive: true });
await cp(at('src/loader/yingda.d.ts'), at('dist/yingda.d.ts'));

const sizeOf = async (name) => gzipSync(await readFile(at(`dist/${name}`)), { level: 9 }).length;
const files = await readdir(at('dist'));
const sizes = new Map();
for (const name of files.filter((file) => /\.(js|css|html)$/.test(file))) sizes.set(name, await sizeOf(name));
const panel = [...sizes].filter(([name]) => name.startsWith('panel')).reduce((sum, [, size]) => sum + size, 0);
const measured = { 'widget.js': sizes.get('widget.js') ?? Number.POSITIVE_INFINITY, panel };

for (const [name, size] of sizes) process.stdout.write(`${name.padEnd(24)} ${size} B gz\n`);
for (const [name, limit] of Object.entries(LIMITS)) {
  const size = measured[name];
  process.stdout.write(`${name.padEnd(24)} ${size} of ${limit} B gz${size > limit ? '  TOO LARGE' : ''}\n`);
  if (size > limit) process.exitCode = 1;
}
