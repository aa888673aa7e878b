import { Server } from './server.mjs';

/** The demonstration's data, made once and copied for each test. The runner tells where in E2E_SEED; a single file makes its own. */
export async function findSeed() {
  const { E2E_SEED } = process.env;
  if (E2E_SEED) return { ...JSON.parse(E2E_SEED), dispose: async () => {} };
  const server = await Server.start();
  await server.stop();
  return server;
}
