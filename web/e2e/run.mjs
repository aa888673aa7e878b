// Runs the journeys, or those whose files are named: node run.mjs [journeys/talk.test.mjs …]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findSeed } from './harness/seed.mjs';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const { folder, database, dispose } = await findSeed().then((seed) => ({
  folder: seed.folder,
  database: seed.database && { name: seed.database.name },
  dispose: () => seed.dispose(),
}));
try {
  const named = process.argv.slice(2);
  const args = ['--test', '--test-concurrency=1', '--test-reporter=spec', ...(named.length > 0 ? named : ['journeys'])];
  const env = { ...process.env, E2E_SEED: JSON.stringify({ folder, database }) };
  const [code] = await once(spawn(process.execPath, args, { cwd, env, stdio: 'inherit' }), 'exit');
  process.exitCode = code ?? 1;
} finally {
  await dispose();
}
