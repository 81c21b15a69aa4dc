import { defineConfig } from 'vitest/config';

/** What compares times with those that are known has the machine to itself, once everything else is done. */
const ALONE = ['test/e2e/honesty.test.ts', 'test/verdicts/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/architecture/*.test.ts'],
          // No module has state of its own, so files may share one: most of the time was spent on importing each anew.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: ['test/architecture/*.test.ts', ...ALONE],
          // End-to-end tests mostly wait for a run to take its time: two at once on two cores take little more than half of it.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
