import { afterEach, expect, test } from 'vitest';
import { noCounts } from '../../../core/measurements/measurement.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { identityAttributes, pushHistograms } from '../../support/otlp-push.ts';
import type { PushedHistogram } from '../../support/otlp-push.ts';
import { type PrometheusServer, startPrometheus } from '../../support/prometheus-server.ts';

let prometheus: PrometheusServer | undefined;
afterEach(() => prometheus?.remove());

/** Pushes what a queue-proxy of app-v2 exports, and answers when: epoch milliseconds. */
async function push(server: PrometheusServer, histograms: readonly PushedHistogram[]): Promise<number> {
  const atMs = Date.now();
  await pushHistograms(server, { revision: 'app-v2', atMs, histograms, boundary: 0.075 });
  return atMs;
}

const promotedAttributes = identityAttributes;
const untranslated = { translation_strategy: 'NoTranslation' };

test.each([
  { name: 'with the identity as labels', options: { promotedAttributes } },
  { name: 'with the identity in target_info', options: {} },
  { name: 'into native histograms', options: { promotedAttributes, otlp: { convert_histograms_to_nhcb: true } } },
  { name: 'with dots in all names', options: { promotedAttributes, otlp: untranslated } },
  { name: 'with dots in all names, the identity in target_info', options: { otlp: untranslated } },
  {
    name: 'without the unit in the name',
    options: { promotedAttributes, otlp: { translation_strategy: 'UnderscoreEscapingWithoutSuffixes' } },
  },
])('measures what is pushed by OTLP $name, births too', async ({ options }) => {
  prometheus = await startPrometheus(options);
  const fromMs = await push(prometheus, [{ code: 200, bucketCounts: [1, 1, 1], sum: 0.4 }]);
  await push(prometheus, [
    { code: 200, bucketCounts: [2, 1, 2], sum: 0.9 },
    { code: 500, bucketCounts: [0, 0, 1], sum: 0.1 },
  ]);
  const measurement = await measure({
    baseUrl: prometheus.url,
    scrapeIntervalMs: 10_000,
    target: { namespace: 'default', name: 'app' },
    revisions: ['app-v1', 'app-v2'],
    fromMs,
    now: Date.now,
    signal: new AbortController().signal,
  });
  expect(measurement).toMatchObject({
    kind: 'measured',
    baseline: { requests: 0 },
    candidates: [{ requests: 3, errors5xx: 1, errorsNot2xx: 1, latencySumMs: 600 }],
  });
  const [{ buckets } = noCounts] = measurement.kind === 'measured' ? measurement.candidates : [];
  expect(buckets.filter(({ le }) => le === 5 || le === 75 || le === null)).toEqual([
    { le: 5, count: 1 },
    { le: 75, count: 1 },
    { le: null, count: 3 },
  ]);
});
