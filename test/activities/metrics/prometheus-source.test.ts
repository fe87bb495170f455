import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMetric } from '../../../activities/metrics/read-metric.ts';
import { type PrometheusServer, startPrometheus } from '../../support/prometheus-server.ts';

let prometheus: PrometheusServer;
beforeAll(async () => {
  prometheus = await startPrometheus();
});
afterAll(() => prometheus.remove());

function read(query: string) {
  const definition = {
    namespace: 'default',
    name: 'clicks',
    type: 'gauge',
    source: { kind: 'prometheus', query },
  } as const;
  const version = { name: 'candidate', variables: { share: '0.5' } };
  const { signal } = new AbortController();
  return readMetric(
    { definition, version, elapsedMs: 30_000, nowMs: Date.now(), signal },
    {
      prometheusUrl: prometheus.url,
      readSecret: async () => undefined,
      request: () => expect.fail('no request over HTTP'),
    },
  );
}

test.each([
  ['vector($share * $elapsedTime)', { kind: 'value', value: 15 }],
  ['absent_over_time(up[$interval]) * 7', { kind: 'value', value: 7 }],
  ['vector(0) / 0', { kind: 'unavailable', reason: 'Prometheus answers NaN' }],
  ['nothing_of_that_name', { kind: 'unavailable', reason: 'Prometheus has no series for it' }],
  [
    'label_replace(vector(1), "a", "b", "", "") or vector(2)',
    {
      kind: 'unavailable',
      reason: 'two series for one value: {a="b"} and {}; add them up in the query',
    },
  ],
  ['sum(', { kind: 'unavailable', reason: expect.stringContaining('answered HTTP 400') }],
])('%s of a real Prometheus is read as %o', async (query, reading) => {
  expect(await read(query)).toEqual(reading);
});
