import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** With E2E_DATABASE=postgres a new database on the server that YINGDA_TEST_POSTGRES names, a copy of `seed` if given; else none: SQLite. */
export async function createDatabase(seed) {
  const { E2E_DATABASE: kind = 'sqlite', YINGDA_TEST_POSTGRES: server } = process.env;
  if (kind === 'sqlite') return undefined;
  if (kind !== 'postgres') throw new Error(`E2E_DATABASE is sqlite or postgres, not ${kind}`);
  if (!server) throw new Error('E2E_DATABASE=postgres needs YINGDA_TEST_POSTGRES');
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  const psql = (statement) => run('psql', ['--quiet', '--no-psqlrc', '--command', statement, server]);
  await psql(`CREATE DATABASE ${name}${seed ? ` TEMPLATE ${seed.name}` : ''}`);
  return {
    name,
    url: server.replace(/dbname=\S+/, `dbname=${name}`),
    drop: () => psql(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}
