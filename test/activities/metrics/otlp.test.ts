import { afterEach, expect, it } from 'vitest';
import { measure } from '../../../activities/metrics/measure.ts';
import { type PrometheusServer, startPrometheus } from './prometheus-server.ts';

let prometheus: PrometheusServer | undefined;
afterEach(() => prometheus?.remove());

const identity = ['k8s.namespace.name', 'kn.revision.name', 'k8s.pod.name'];

interface PushedHistogram {
  readonly code: number;
  readonly bucketCounts: readonly [number, number, number];
  readonly sum: number;
}

/** Pushes what a queue-proxy of app-v2 exports, and answers when: epoch milliseconds. */
async function push({ url }: PrometheusServer, histograms: readonly PushedHistogram[]): Promise<number> {
  const atMs = Date.now();
  const dataPoints = histograms.map(({ code, bucketCounts, sum }) => ({
    attributes: [{ key: 'http.response.status_code', value: { intValue: String(code) } }],
    timeUnixNano: `${atMs}000000`,
    count: bucketCounts.reduce((total, count) => total + count, 0),
    sum,
    bucketCounts,
    explicitBounds: [0.005, 0.07],
  }));
  const histogram = { aggregationTemporality: 2, dataPoints };
  const metrics = [{ name: 'kn.serving.invocation.duration', unit: 's', histogram }];
  const scopeMetrics = [{ scope: { name: 'knative.dev/serving/pkg/queue' }, metrics }];
  const body = JSON.stringify({ resourceMetrics: [{ resource: { attributes: resourceAttributes() }, scopeMetrics }] });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/otlp/v1/metrics`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  return atMs;
}

function resourceAttributes(): readonly object[] {
  const attributes = {
    'service.name': 'app',
    'service.instance.id': 'app-v2-pod',
    'k8s.namespace.name': 'default',
    'k8s.pod.name': 'app-v2-pod',
    'kn.revision.name': 'app-v2',
  };
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

it.each([
  { name: 'as labels', promotedAttributes: identity },
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
    baseline: 'app-v1',
    candidate: 'app-v2',
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
    candidate: { requests: 3, errors5xx: 1, errorsNot2xx: 1, latencySumMs: 600, buckets },
  });
});
