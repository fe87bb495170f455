import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHistory } from '../../../metrics/prometheus/history.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import { readStoreClock } from '../../../metrics/prometheus/store-clock.ts';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import type { Checkpoint } from '../../../core/measurements/measurement.ts';
import { anExperiment } from '../../support/builders.ts';
import { histogramLines, startExporter } from '../../support/exporter.ts';
import type { Exporter } from '../../support/exporter.ts';
import { until } from '../../../sandbox/processes/condition.ts';
import { startVictoriaMetrics } from '../../support/victoria-metrics.ts';
import type { VictoriaMetrics } from '../../support/victoria-metrics.ts';

const scrapeIntervalMs = 1000;
const { signal } = new AbortController();

let store: VictoriaMetrics;
let exporter: Exporter;
beforeAll(async () => {
  exporter = await startExporter();
  store = await startVictoriaMetrics({ scrapeIntervalMs, target: exporter.address });
});
afterAll(async () => {
  await store.remove();
  await exporter.close();
});

/** Shows so many requests of the revision, and returns when a scrape of them is stored: its time, epoch ms. */
function show(step: number, requests: number): Promise<number> {
  const labels = { namespace_name: 'default', revision_name: 'app-v2', pod_name: 'pod-1', response_code: '200' };
  const buckets = { '5': 0, '10': requests, '+Inf': requests };
  const content =
    requests === 0
      ? []
      : histogramLines({ family: 'revision_app_request_latencies', labels, buckets, sum: 7 * requests });
  exporter.show(step, content);
  return until({ what: `a scrape of step ${step}`, limitMs: 30_000, pollMs: 100 }, async () => {
    const [series] = await prometheus().ask({ query: 'script_step[5m]', atMs: Date.now() });
    return series?.samples.find(({ value }) => value === step)?.atMs;
  });
}

function prometheus() {
  return connectPrometheus({ baseUrl: store.url, signal, limitMs: 10_000 });
}

test('the time of VictoriaMetrics is its very now, not 30 s before it', async () => {
  const { differenceMs, nowMs } = await readStoreClock(prometheus(), Date.now);
  expect(differenceMs).toBe(0);
  expect(Math.abs(nowMs - Date.now())).toBeLessThan(5_000);
});

test('requests in VictoriaMetrics are counted once, births too', async () => {
  await show(1, 0);
  let fromMs = await show(2, 0);
  let checkpoint: Checkpoint | undefined;
  let counted = 0;
  for (const [step, requests] of [40, 100, 160].entries()) {
    const shownMs = await show(3 + step, requests);
    const measured = await measure({
      baseUrl: store.url,
      scrapeIntervalMs,
      target: { namespace: 'default', name: 'app' },
      revisions: ['app-v1', 'app-v2'],
      fromMs,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      now: Date.now,
      signal,
    });
    if (measured.kind !== 'measured') expect.fail(measured.reason);
    expect(measured.toMs).toBeGreaterThanOrEqual(shownMs);
    ({ toMs: fromMs, checkpoint } = measured);
    counted += measured.candidates[0]?.requests ?? 0;
  }
  expect(counted).toBe(160);
});

test('a history in VictoriaMetrics is added up by the store', async () => {
  const { analysis } = anExperiment();
  const experiment = anExperiment({
    intervalMs: 120_000,
    target: { namespace: 'default', name: 'app' },
    baseline: { name: 'v1', revision: 'app-v2', variables: {} },
    candidates: [{ name: 'v2', revision: 'app-v3', variables: {} }],
    objectives: [{ metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false }],
    analysis: { ...analysis, ...sequentialAnalysis },
  });
  // Instant queries show what it had 30 s ago.
  const history = await until({ what: 'a history of all', limitMs: 60_000, pollMs: 500 }, async () => {
    const read = await readHistory({ baseUrl: store.url, experiment, nowMs: Date.now(), signal });
    return read.baseline.requests >= 120 ? read : undefined;
  });
  // The series began with 40.
  expect(history).toMatchObject({ intervals: 1, baseline: { requests: 120, latencySumMs: 840 } });
});
