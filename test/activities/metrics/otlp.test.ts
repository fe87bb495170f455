import { afterEach, expect, test } from 'vitest';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { identityAttributes, pushHistograms } from './otlp-push.ts';
import type { PushedHistogram } from './otlp-push.ts';
import { type PrometheusServer, startPrometheus } from './prometheus-server.ts';

let prometheus: PrometheusServer | undefined;
afterEach(() => prometheus?.remove());

/** Pushes what a queue-proxy of app-v2 exports, and answers when: epoch milliseconds. */
async function push(server: PrometheusServer, histograms: readonly PushedHistogram[]): Promise<number> {
  const atMs = Date.now();
  await pushHistograms(server, { revision: 'app-v2', atMs, histograms });
  return atMs;
}

test.each([
  { name: 'as labels', promotedAttributes: identityAttributes },
  { name: 'in target_info', promotedAttributes: [] },
])('measures what is pushed by OTLP with the identity $name, births too', async ({ promotedAttributes }) => {
  prometheus = await startPrometheus({ promotedAttributes });
  const fromMs = await push(prometheus, [{ code: 200, bucketCounts: [1, 1, 1], sum: 0.4 }]);
  const toMs = await push(prometheus, [
    { code: 200, bucketCounts: [2, 1, 2], sum: 0.9 },
    { code: 500, bucketCounts: [0, 0, 1], sum: 0.1 },
  ]);
  const measurement = await measure({
    baseUrl: prometheus.url,
    scrapeIntervalMs: 10_000,
    target: { namespace: 'default', name: 'app' },
    revisions: ['app-v1', 'app-v2'],
    fromMs,
    nowMs: toMs + 10_000,
    signal: new AbortController().signal,
  });
  const buckets = [
    { le: 5, count: 1 },
    { le: 70, count: 1 },
    { le: null, count: 3 },
  ];
  expect(measurement).toMatchObject({
    kind: 'measured',
    baseline: { requests: 0 },
    candidates: [{ requests: 3, errors5xx: 1, errorsNot2xx: 1, latencySumMs: 600, buckets }],
  });
});
