// Builds the widget into dist/: widget.js (the loader, stable name), panel.html with hashed assets, and the demo page. Fails above the limits.
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIMITS = { 'widget.js': 8 * 1024, 'panel, first view': 37 * 1024, 'panel, all of it': 52 * 1024 };
/**
 * Chunks bring their own style (`wear` of later.ts), so that loading one is loading one file: without Vite's helper, which would be in the first view.
 * A part that did not come is asked for at another address (later.ts), and only here addresses are known.
 */
const plainImports = {
  name: 'plain-imports',
  enforce: 'pre',
  load: (id) => (id.endsWith('vite/preload-helper.js') ? 'export const __vitePreload = (load) => load();' : undefined),
  renderChunk(code, { fileName }) {
    const asked = '__vitePreload\\(\\(\\) => (import\\("[^"]+")\\), __VITE_PRELOAD__\\)';
    const plain = code
      .replaceAll(new RegExp(`\\(\\) => ${asked}`, 'g'), '(again) => $1 + again)')
      .replaceAll(new RegExp(asked, 'g'), '$1)');
    if (plain.includes('__VITE_PRELOAD__')) throw new Error(`${fileName} imports in a way that is not known here`);
    return { code: plain, map: null };
  },
};
const shared = { root: at('.'), configFile: false, logLevel: 'warn' };

await rm(at('dist'), { recursive: true, force: true });
const { output } = await build({
  ...shared,
  base: '/widget/',
  plugins: [plainImports],
  build: {
    outDir: 'dist',
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      input: at('panel.html'),
      output: {
        entryFileNames: 'panel-[hash].js',
        chunkFileNames: 'panel-[name]-[hash].js',
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
// How a site will look, for the desk: the same code in a page of its own, so that it weighs nothing in the panel.
await build({
  ...shared,
  base: '/widget/',
  plugins: [plainImports],
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      input: at('preview.html'),
      output: {
        entryFileNames: 'preview-[hash].js',
        chunkFileNames: 'preview-[name]-[hash].js',
        assetFileNames: 'preview-[hash][extname]',
      },
    },
  },
});
await cp(at('demo'), at('dist/demo'), { recursive: true });
await cp(at('src/loader/yingda.d.ts'), at('dist/yingda.d.ts'));

const sizeOf = async (name) => gzipSync(await readFile(at(`dist/${name}`)), { level: 9 }).length;
const files = await readdir(at('dist'));
const sizes = new Map();
for (const name of files.filter((file) => /\.(js|css|html)$/.test(file))) sizes.set(name, await sizeOf(name));
const total = (names) => [...names].reduce((sum, name) => sum + sizes.get(name), 0);
const every = [...sizes.keys()].filter((name) => name.startsWith('panel'));

// The first view: the page with its style, the entry with what it imports at once, and the words of one language.
const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
const withImports = (name, found = new Set()) => {
  if (!found.has(name)) for (const next of chunks.get(found.add(name) && name).imports) withImports(next, found);
  return found;
};
const isWords = (name) => /[\\/]words[\\/]\w+\.ts$/.test(chunks.get(name).facadeModuleId ?? '');
const languages = [...chunks.keys()].filter(isWords);
if (languages.length !== 2) throw new Error(`the words of the panel are not where they were: ${languages}`);
const entry = [...chunks.values()].find(({ isEntry }) => isEntry).fileName;
const first = new Set([...every.filter((name) => !name.endsWith('.js')), ...withImports(entry)]);
if (every.filter((name) => name.endsWith('.css')).length !== 1)
  throw new Error('a chunk has a style sheet that nobody loads');
// What two parts share would be a chunk of its own, which nobody asks for again when it does not come.
for (const [name, { imports, facadeModuleId }] of chunks)
  if (/[\\/]later[\\/]\w+\.tsx$/.test(facadeModuleId ?? '') && imports.some((one) => one !== entry))
    throw new Error(`${name} is more than one file: ${imports}`);
const words = Math.max(...languages.map((name) => total([...withImports(name)].filter((part) => !first.has(part)))));
const measured = {
  'widget.js': sizes.get('widget.js') ?? Number.POSITIVE_INFINITY,
  'panel, first view': total(first) + words,
  'panel, all of it': total(every),
};

for (const [name, size] of sizes) process.stdout.write(`${name.padEnd(32)} ${size} B gz\n`);
for (const [name, limit] of Object.entries(LIMITS)) {
  const size = measured[name];
  process.stdout.write(`${name.padEnd(32)} ${size} of ${limit} B gz${size > limit ? '  TOO LARGE' : ''}\n`);
  if (size > limit) process.exitCode = 1;
}
