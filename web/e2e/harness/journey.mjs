import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { findSeed } from './seed.mjs';
import { Server } from './server.mjs';
import { Stage } from './stage.mjs';

let seed;
let browser;
before(async () => {
  [seed, browser] = await Promise.all([findSeed(), launch()]);
});
after(async () => {
  await browser?.close();
  await seed?.dispose();
});

/** A test with a server of its own. Whatever goes wrong on any of its pages fails it; a failure leaves pictures of them in target/e2e. */
export function journey(name, play) {
  test(name, async () => {
    const scene = new Stage(browser);
    try {
      scene.server = await Server.start(seed);
      await play(scene);
    } catch (error) {
      await scene.photograph(name);
      throw error;
    } finally {
      await scene.close();
    }
    assert.deepEqual(scene.faults(), [], 'errors on the pages');
  });
}
