import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createDatabase } from './postgres.mjs';

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../../target', import.meta.url));
const BINARY = process.env.YINGDA_BIN ?? join(TARGET, 'debug/yingda');
/** Making the demonstration takes a while on a busy machine with a slow disk. */
const READY_WITHIN = 60_000;

/** A `yingda serve --demo` with a port, a data directory and a database of its own; it may be killed and started again. */
export class Server {
  /** Of each login. */
  passwords = new Map();
  folder;
  database;
  /** What the next start is told besides. */
  environment = {};
  #port;
  #child;
  #log = '';

  /** With a seed, a stopped server whose data was made already, it begins with a copy of that. */
  static async start(seed) {
    const server = new Server();
    server.folder = await mkdtemp(join(tmpdir(), 'yingda-e2e.'));
    if (seed) await cp(seed.folder, server.folder, { recursive: true });
    server.database = await createDatabase(seed?.database);
    server.#port = await freePort();
    await server.restart();
    for (const line of (await readFile(join(server.folder, 'data/demo-accounts.txt'), 'utf8')).trim().split('\n')) {
      const [login, password] = line.split(/\s+/);
      server.passwords.set(login, password);
    }
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }
  get isUp() {
    return this.#child !== undefined;
  }

  #spawn(args) {
    return spawn(BINARY, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.environment, LANG: 'C.UTF-8' },
    });
  }

  /** Starts it on the port and data it had; resolves when it says that it is ready. */
  async restart() {
    const args = ['serve', '--demo', '--listen', `127.0.0.1:${this.#port}`, '--data', join(this.folder, 'data')];
    if (this.database) args.push('--database', this.database.url);
    const child = this.#spawn(args);
    child.stderr.on('data', (text) => {
      this.#log += text;
    });
    await new Promise((ready, failed) => {
      const fail = (why) => failed(new Error(`${BINARY} ${args.join(' ')}: ${why}\n${this.#log}`));
      const late = setTimeout(() => fail(`not ready within ${READY_WITHIN} ms`), READY_WITHIN);
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        fail(`ended with ${code ?? signal}`);
      });
      createInterface(child.stdout).on('line', (line) => {
        if (line !== `Yingda is ready: ${this.url}`) return;
        clearTimeout(late);
        ready();
      });
    });
    this.#child = child;
  }

  /** Another command of the program on the same data, to its end. */
  async run(...words) {
    const args = [...words, '--data', join(this.folder, 'data')];
    if (this.database) args.push('--database', this.database.url);
    const child = this.#spawn(args);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text;
      });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${BINARY} ${args.join(' ')}: ended with ${code}\n${said}`);
    return said;
  }

  /** SIGKILL: as if the machine had lost the program. */
  kill() {
    return this.#end('SIGKILL');
  }
  /** SIGTERM: in order. */
  stop() {
    return this.#end('SIGTERM');
  }
  async #end(signal) {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async dispose() {
    await this.kill();
    await this.database?.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
