import { expect, test } from 'vitest';
import { lagProblem } from '../../../activities/preflight/metrics.ts';
import { anExperiment } from '../../support/builders.ts';
import { beginMs, startPodStore, storeRevisions } from '../../support/observed-store.ts';

async function problemOf({ lagMs, intervalMs }: { readonly lagMs: number; readonly intervalMs: number }) {
  const [baseline = '', candidate = ''] = storeRevisions;
  const scrapeIntervalMs = 10_000;
  const timing = { lagMs, lateness: 'constant', skewMs: 0, intervalMs, scrapeMs: scrapeIntervalMs } as const;
  const { store } = await startPodStore(timing);
  store.nowMs = beginMs + 60_000;
  const experiment = anExperiment({
    intervalMs,
    target: { namespace: 'default', name: 'app' },
    baseline: { name: 'v1', revision: baseline, variables: {} },
    candidates: [{ name: 'v2', revision: candidate, variables: {} }],
  });
  const wait = async (ms: number): Promise<void> => {
    store.nowMs += ms;
  };
  const means = { now: () => store.nowMs, wait, signal: new AbortController().signal };
  try {
    return await lagProblem(experiment, { prometheusUrl: store.url, scrapeIntervalMs }, means);
  } finally {
    await store.close();
  }
}

test('refuses an interval that ends before its samples show, with the numbers', async () => {
  expect(await problemOf({ lagMs: 60_000, intervalMs: 12_000 })).toMatch(
    /^samples of the metrics show 1 min( \d s)? late, and the interval is 12 s: each would be judged by requests from before it; use an interval of at least 2 min/,
  );
  expect(await problemOf({ lagMs: 15_000, intervalMs: 12_000 })).toMatch(/^samples of the metrics show 1[56] s late/);
});

test.each([
  { lagMs: 0, intervalMs: 12_000 },
  { lagMs: 10_000, intervalMs: 12_000 },
  { lagMs: 60_000, intervalMs: 120_000 },
])('takes an interval of $intervalMs ms where samples are $lagMs ms late', async (timing) => {
  expect(await problemOf(timing)).toBeUndefined();
});

test('leaves to other checks a back end that does not answer', async () => {
  const means = { now: Date.now, wait: async () => undefined, signal: new AbortController().signal };
  const settings = { prometheusUrl: 'http://127.0.0.1:1', scrapeIntervalMs: 10_000 };
  expect(await lagProblem(anExperiment(), settings, means)).toBeUndefined();
});
