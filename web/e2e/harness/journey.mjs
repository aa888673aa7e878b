import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launch } from './browser.mjs';
import { findSeed } from './seed.mjs';
import { Server } from './server.mjs';
import { Stage } from './stage.mjs';

/** A test with a server of its own. Whatever goes wrong on any of its pages fails it; a failure leaves pictures of them in target/e2e. */
export const journey = journeysIn(launch);

/** Journeys in another browser. It is started with the first of them. */
export function journeysIn(start) {
  let made;
  const find = async () => {
    // One after the other: a browser that nobody closes keeps the process alive.
    const seed = await findSeed();
    return { seed, browser: await start() };
  };
  after(async () => {
    const all = await made?.catch(() => undefined); // the tests have told
    await all?.browser.close();
    await all?.seed.dispose();
  });
  return (name, play, options = {}) =>
    test(name, options, async () => {
      made ??= find();
      const { seed, browser } = await made;
      const scene = new Stage(browser);
      try {
        scene.server = await Server.start(seed);
        await play(scene);
      } catch (error) {
        await scene.photograph(name);
        // Often it is the page that says why.
        for (const fault of scene.faults()) console.error(fault);
        throw error;
      } finally {
        await scene.close();
      }
      assert.deepEqual(scene.faults(), [], 'errors on the pages');
    });
}
