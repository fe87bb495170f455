import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { cacheDirectory } from './sandbox/tools/cache.ts';
import { alone, compose, image, last, page, withSandbox } from './test/support/groups.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { SummaryReporter } from './test/support/summary-reporter.ts';

// Every command has a guard, and many tests run programs of their own: most of a short program's time is its compilation.
process.env['NODE_COMPILE_CACHE'] ??= join(cacheDirectory(), 'compiled');

/** As for a test as a whole: what comes late on a busy machine comes. */
const patience = { poll: { timeout: 60_000 } };
const timeouts = { testTimeout: 240_000, hookTimeout: 240_000, expect: patience };
const sharedSandbox = {
  globalSetup: ['test/setup/bundles.ts', 'test/setup/audit.ts', 'test/setup/cluster.ts'],
  setupFiles: ['test/setup/ran-files.ts', 'test/setup/leave-cluster.ts'],
  isolate: false,
  // Each of these tests has a version under load, and two files run at a time: more of them only wait for the processor.
  maxConcurrency: 3,
  ...timeouts,
};

/**
 * Seven groups, one after another but for the first two. `unit` needs no sandbox, and `page` Chromium. `cluster`, `alone` and `image` share one, which starts once a run, with one
 * worker (test/setup/cluster.ts): the files of `cluster` run side by side, each in namespaces of its own, since they wait more than
 * they compute; those of `alone` follow in turn. `image` needs podman or docker, and builds what it tests (test/setup/image.ts).
 * `compose` is not part of `npm test`: what it builds takes too long (test/setup/compose.ts).
 * `last` looks back on what the audit logs have of all of them. The file that needs a bundle of the workflows first makes it for all
 * files (test/setup/bundles.ts).
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
          exclude: [...withSandbox, ...page, ...image, ...compose, ...last],
          globalSetup: ['test/setup/bundles.ts'],
          sequence: { groupOrder: 0 },
          maxWorkers: 3,
          ...timeouts,
        },
      },
      {
        test: { name: 'page', include: page, sequence: { groupOrder: 0 }, ...timeouts },
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
        test: {
          ...sharedSandbox,
          name: 'alone',
          include: alone,
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
          maxConcurrency: 5,
        },
      },
      {
        test: {
          ...sharedSandbox,
          name: 'image',
          include: image,
          globalSetup: [...sharedSandbox.globalSetup, 'test/setup/image.ts'],
          sequence: { groupOrder: 3 },
          maxWorkers: 1,
        },
      },
      {
        test: {
          ...sharedSandbox,
          name: 'compose',
          include: compose,
          globalSetup: [...sharedSandbox.globalSetup, 'test/setup/compose.ts'],
          sequence: { groupOrder: 5 },
          maxWorkers: 1,
        },
      },
      {
        test: { name: 'last', include: last, globalSetup: ['test/setup/audit.ts'], sequence: { groupOrder: 4 } },
      },
    ],
  },
});
