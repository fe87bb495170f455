import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/** What needs no cluster runs file beside file, then comes what shares one: a single process runs those files in turn. */
export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{e2e,chaos,sandbox}/**', 'test/activities/{knative,helm,preflight}/**'],
          sequence: { groupOrder: 0 },
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/{e2e,chaos,sandbox}/**/*.test.ts', 'test/activities/{knative,helm,preflight}/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          isolate: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
