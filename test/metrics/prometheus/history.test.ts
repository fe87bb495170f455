import { afterEach, describe, expect, test } from 'vitest';
import { forecastFromHistory } from '../../../activities/preflight/forecast-from-history.ts';
import { readHistory } from '../../../metrics/prometheus/history.ts';
import type { RequestHistory } from '../../../metrics/prometheus/history.ts';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { requestCorrelation } from '../../../core/stats/dispersion.ts';
import { binomial, seededRandom } from '../../../core/offline/random.ts';
import { anExperiment } from '../../support/builders.ts';
import { identityAttributes, pushHistograms } from '../../support/otlp-push.ts';
import { type PrometheusServer, startPrometheus } from '../../support/prometheus-server.ts';

let prometheus: PrometheusServer | undefined;
afterEach(() => prometheus?.remove());

const intervalMs = 10_000;
const scrapeIntervalMs = 1000;
const requests = 200;
const experiment = anExperiment({
  analysis: { ...anExperiment().analysis, ...sequentialAnalysis },
  intervalMs,
  target: { namespace: 'default', name: 'app' },
  baseline: { name: 'v1', revision: 'app-v1', variables: {} },
  candidates: [{ name: 'v2', revision: 'app-v2', variables: {} }],
  objectives: [
    { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false },
    { metric: '95th-percentile-tail-latency', upperLimit: 70, rollbackOnFailure: false },
    { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false },
  ],
});

/** A baseline that had these errors in its intervals, the oldest first; every request took 10 ms. */
async function remember(errors: readonly number[]): Promise<{ readonly baseUrl: string; readonly nowMs: number }> {
  const server = await startPrometheus({ promotedAttributes: identityAttributes });
  prometheus = server;
  const nowMs = Date.now();
  let [good, bad] = [1, 1];
  for (const [index, count] of [0, ...errors].entries()) {
    if (index > 0) [good, bad] = [good + requests - count, bad + count];
    const atMs = nowMs - scrapeIntervalMs - (errors.length - index) * intervalMs;
    const latencyHistogram = (code: number, total: number) =>
      ({ code, bucketCounts: [0, total, 0], sum: total * 0.01 }) as const;
    await pushHistograms(server, {
      revision: 'app-v1',
      atMs,
      histograms: [latencyHistogram(200, good), latencyHistogram(500, bad)],
    });
  }
  return { baseUrl: server.url, nowMs };
}

async function readErrorHistory(errors: readonly number[]): Promise<RequestHistory> {
  const signal = new AbortController().signal;
  return readHistory({ ...(await remember(errors)), experiment, signal });
}

describe('the history of a baseline', () => {
  test('tells the traffic, the latencies, and how errors come together', async () => {
    const bursts = Array.from({ length: 60 }, (_, index) => (index % 10 === 0 ? 40 : 0));
    const history = await readErrorHistory(bursts);
    expect(history).toMatchObject({
      intervals: 60,
      requestsPerSecond: requests / 10,
      baseline: { requests: 60 * requests, errors5xx: 240, latencySumMs: 60 * requests * 10 },
    });
    const expected = requestCorrelation(bursts.map((bad) => ({ requests, bad }))) ?? Number.NaN;
    expect(expected).toBeGreaterThan(0.1);
    expect(history.correlations[0]).toBeCloseTo(expected, 9);
    // No request was over the latency limit, so there is nothing to learn about them.
    expect(history.correlations[1]).toBeNull();
    // The intervals' means are all alike.
    expect(history.correlations[2]).toBe(0);
  });

  test('finds no bursts among independent errors', async () => {
    const random = seededRandom(3);
    const history = await readErrorHistory(Array.from({ length: 60 }, () => binomial(random, requests, 0.02)));
    expect(history.correlations[0]).toBeLessThan(0.005);
  });

  test('learns nothing from fewer than 50 intervals', async () => {
    const history = await readErrorHistory([3, 0, 40]);
    expect(history).toMatchObject({ intervals: 3, correlations: [null, null, null] });
  });

  const shapes = [
    { shape: 'classic histograms', options: { promotedAttributes: identityAttributes } },
    {
      shape: 'native histograms',
      options: { promotedAttributes: identityAttributes, otlp: { convert_histograms_to_nhcb: true } },
    },
    { shape: 'histograms of targets', options: {} },
  ];

  test.each(shapes)('is added up by the store over pods that begin and restart: $shape', async ({ options }) => {
    prometheus = await startPrometheus(options);
    const nowMs = Date.now();
    const latency = (total: number) => [{ code: 200, bucketCounts: [0, total, 0], sum: total * 0.01 }] as const;
    // The second pod begins with the third scrape, the first one restarts with the fourth.
    const scrapes = [[100], [150], [200, 30], [40, 50], [70, 60]];
    for (const [index, pods] of scrapes.entries()) {
      const atMs = nowMs - (scrapes.length - 1 - index) * intervalMs;
      for (const [pod, total] of pods.entries())
        await pushHistograms(prometheus, {
          revision: 'app-v1',
          pod: `pod-${pod}`,
          atMs,
          histograms: latency(total),
          boundary: 0.075,
        });
    }
    const signal = new AbortController().signal;
    const history = await readHistory({ baseUrl: prometheus.url, experiment, nowMs, signal });
    // 50 and 50 of the first pod, and 30 from the scrape after its restart on; 20 and 10 of the second.
    expect(history).toMatchObject({ intervals: 4, baseline: { requests: 160, latencySumMs: 1600 } });
    expect(history.baseline.buckets.find(({ le }) => le === 75)?.count).toBe(160);
  });

  test('is that of one cluster, by the matchers; of several it is none', async () => {
    prometheus = await startPrometheus({ promotedAttributes: [...identityAttributes, 'cluster'] });
    const nowMs = Date.now();
    for (const [index, total] of [100, 200].entries())
      for (const cluster of ['prod', 'staging'])
        await pushHistograms(prometheus, {
          revision: 'app-v1',
          atMs: nowMs - (1 - index) * intervalMs,
          histograms: [{ code: 200, bucketCounts: [0, total, 0], sum: 1 }],
          labels: { cluster },
        });
    const input = { baseUrl: prometheus.url, experiment, nowMs, signal: new AbortController().signal };
    expect((await readHistory(input)).unread).toMatch(
      /^series of revision app-v1 differ in cluster \("prod", "staging"\)/,
    );
    const access = { prometheusMatchers: 'cluster="prod"' };
    expect(await readHistory({ ...input, access })).toMatchObject({ intervals: 1, baseline: { requests: 100 } });
  });

  test('has no latencies where none are tested', async () => {
    const signal = new AbortController().signal;
    const threshold = { ...experiment, analysis: anExperiment().analysis };
    const history = await readHistory({ ...(await remember([3, 0, 40])), experiment: threshold, signal });
    expect(history).toMatchObject({ intervals: 3, requestsPerSecond: 12 });
    expect(history.baseline).toMatchObject({ requests: 600, errors5xx: 43, buckets: [], latencySumMs: 0 });
  });

  test('is empty where Prometheus does not answer', async () => {
    const signal = new AbortController().signal;
    const history = await readHistory({
      baseUrl: 'http://127.0.0.1:1',
      experiment,
      nowMs: Date.now(),
      signal,
    });
    expect(history).toMatchObject({ intervals: 0, correlations: [] });
  });
});

describe('the look ahead', () => {
  async function warningsAfter(errors: readonly number[]): Promise<readonly string[]> {
    const { baseUrl: prometheusUrl } = await remember(errors);
    const input = { experiment, weights: [0] };
    const signal = new AbortController().signal;
    const { warnings } = await forecastFromHistory(input, { prometheusUrl, scrapeIntervalMs }, signal);
    return warnings.filter((warning) => warning.startsWith('dispersion'));
  }

  test.each([
    [
      'a clean history',
      Array.from({ length: 60 }, () => 0),
      /nothing bad .*\(error-rate, 95th-percentile-tail-latency\)/,
    ],
    ['a short one', [1, 2], /has 2 intervals .*\(error-rate, 95th-percentile-tail-latency, mean-latency\)/],
  ])('names the metrics of whose bursts %s tells nothing', async (_, errors, expected) => {
    expect(await warningsAfter(errors)).toEqual([expect.stringMatching(expected)]);
  });
});
