import { defineConfig } from 'vitest/config';

// Each app and package says how its own tests run; a folder without a configuration has none.
export default defineConfig({
  test: { projects: ['apps/*/vitest.config.ts', 'packages/*/vitest.config.ts'] },
});
