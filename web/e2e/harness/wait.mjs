import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY = 40;

/** Looks again and again until `look` no longer throws; its last error says what was missing. Answers what `look` answers. */
export async function eventually(look, within = 10_000) {
  const last = Date.now() + within;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > last) throw error;
    }
    await pause(LOOK_EVERY);
  }
}
