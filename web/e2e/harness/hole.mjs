import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Stands between a browser and the server and can go silent in one direction without closing anything, as a lost radio link or a dead router does:
 * what is sent meanwhile waits, connections made meanwhile are taken and get no word through, and nobody is told.
 */
export class SilentProxy {
  #pairs = new Set();
  #listener;
  #hole;

  static async before(server) {
    const proxy = new SilentProxy();
    const { port } = new URL(server.url);
    proxy.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (near) => proxy.#join(near, port));
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }
  get url() {
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  #join(near, port) {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = { up: [near, far], down: [far, near] };
    this.#pairs.add(pair);
    for (const [from, to] of [pair.up, pair.down]) {
      from.on('data', (bytes) => to.write(bytes) || from.pause());
      to.on('drain', () => this.#isOpen(pair, from) && from.resume());
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroySoon();
        this.#pairs.delete(pair);
      });
    }
    if (this.#hole) pair[this.#hole][0].pause();
  }
  #isOpen(pair, from) {
    return !this.#hole || pair[this.#hole][0] !== from;
  }

  /** `up`: nothing reaches the server any more. `down`: nothing comes from it. */
  silence(direction) {
    this.#hole = direction;
    for (const pair of this.#pairs) pair[direction][0].pause();
  }
  heal() {
    const direction = this.#hole;
    this.#hole = undefined;
    for (const pair of this.#pairs) pair[direction][0].resume();
  }

  async dispose() {
    for (const { up } of this.#pairs) for (const socket of up) socket.destroy();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}
