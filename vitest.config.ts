import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/** What needs the sandbox. */
const withSandbox = [
  'test/{e2e,chaos}/**/*.test.ts',
  'test/sandbox/{demo,faults,life,outages,tutorial,worker-account}.test.ts',
  'test/activities/{knative,helm,preflight}/**/*.test.ts',
];

/** What takes a part of the sandbox away from all, changes it for all, looks after the objects of all, or starts many sandboxes. */
const alone = [
  'test/e2e/{outages,samples}.test.ts',
  'test/chaos/{api-server,fairness,operator,temporal}.test.ts',
  'test/sandbox/{life,outages}.test.ts',
  'test/activities/knative/api-server-outage.test.ts',
];

const timeouts = { testTimeout: 240_000, hookTimeout: 240_000 };
const sharedSandbox = { globalSetup: ['test/setup/bundles.ts', 'test/setup/cluster.ts'], isolate: false, ...timeouts };

/**
 * Three groups, one after another. `unit` needs no sandbox. `cluster` and `alone` share one, which starts once a run, with one worker
 * (test/setup/cluster.ts): the files of `cluster` run side by side, each in namespaces of its own, since they wait more than they
 * compute; those of `alone` follow in turn. The file that needs a bundle of the workflows first makes it for all files
 * (test/setup/bundles.ts).
 */
export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: withSandbox,
          globalSetup: ['test/setup/bundles.ts'],
          sequence: { groupOrder: 0 },
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...sharedSandbox,
          name: 'cluster',
          include: withSandbox,
          exclude: alone,
          sequence: { groupOrder: 1 },
          // A third one makes every wait longer: two cores are busy with the API server by then.
          maxWorkers: 2,
        },
      },
      {
        test: { ...sharedSandbox, name: 'alone', include: alone, sequence: { groupOrder: 2 }, maxWorkers: 1 },
      },
    ],
  },
});
