import { afterAll, beforeAll, expect, test } from 'vitest';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { until } from '../../../sandbox/processes/condition.ts';
import { histogramLines, startExporter } from '../../support/exporter.ts';
import type { Exporter } from '../../support/exporter.ts';
import { scrapeIntervalMs, startPrometheus } from '../../support/prometheus-server.ts';
import type { PrometheusServer } from '../../support/prometheus-server.ts';

const { signal } = new AbortController();

let pods: readonly [Exporter, Exporter];
let prometheus: PrometheusServer;
beforeAll(async () => {
  pods = [await startExporter(), await startExporter()];
  prometheus = await startPrometheus({ jobs: { pods } });
});
afterAll(async () => {
  await prometheus.remove();
  await Promise.all(pods.map((pod) => pod.close()));
});

function requests(pod: string, count: number): string[] {
  return histogramLines({
    family: 'revision_app_request_latencies',
    labels: { namespace_name: 'default', revision_name: 'app-v2', pod_name: pod, response_code: '200' },
    buckets: { '5': 0, '10': count, '+Inf': count },
    sum: 7 * count,
  });
}

test('a pod that a real Prometheus cannot scrape any more is named, and the others are not judged in its place', async () => {
  const [healthy, overloaded] = pods;
  const fromMs = await prometheus.show(healthy, requests('pod-1', 100));
  await prometheus.show(overloaded, requests('pod-2', 100));
  const look = () =>
    measure({
      baseUrl: prometheus.url,
      scrapeIntervalMs,
      target: { namespace: 'default', name: 'app' },
      revisions: ['app-v1', 'app-v2'],
      fromMs,
      now: Date.now,
      signal,
    });
  expect(await look()).toMatchObject({ kind: 'measured' });
  await prometheus.hide(overloaded);
  const blind = await until({ what: 'a pod out of sight', limitMs: 20_000, pollMs: 100 }, async () => {
    const one = await look();
    return one.kind === 'measured' ? undefined : one;
  });
  expect(blind).toMatchObject({
    kind: 'blind',
    reason: expect.stringMatching(/^out of sight for 0\.6 s or longer: pod-2 of revision app-v2: .*\(up is 0\)/),
  });
  await prometheus.show(overloaded, requests('pod-2', 130));
  expect(await look()).toMatchObject({ kind: 'measured' });
});
