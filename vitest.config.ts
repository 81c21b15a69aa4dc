import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 3,
    // End-to-end tests mostly wait for a run to take its time: two at once on two cores take little more than half of it.
    maxWorkers: 2,
  },
});
