import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkStore } from '../../../activities/preflight/metrics.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { anExperiment } from '../../support/builders.ts';
import { histogramLines, startExporter } from '../../support/exporter.ts';
import type { Exporter } from '../../support/exporter.ts';
import { scrapeIntervalMs, startPrometheus } from '../../support/prometheus-server.ts';
import type { PrometheusServer } from '../../support/prometheus-server.ts';

const { signal } = new AbortController();
const target = { namespace: 'default', name: 'app' };

let exporter: Exporter;
let prometheus: PrometheusServer;
let fromMs: number;
beforeAll(async () => {
  exporter = await startExporter();
  prometheus = await startPrometheus({ jobs: { pods: [exporter] } });
  fromMs = await prometheus.show(exporter, [
    ...requests('prod', 'app-v1', { '200': 100 }),
    ...requests('prod', 'app-v2', { '200': 100, '500': 100 }),
    ...requests('staging', 'app-v2', { '200': 100 }),
  ]);
  await prometheus.show(exporter, [
    ...requests('prod', 'app-v1', { '200': 200 }),
    ...requests('prod', 'app-v2', { '200': 170, '500': 130 }),
    ...requests('staging', 'app-v2', { '200': 2100 }),
  ]);
});
afterAll(async () => {
  await prometheus.remove();
  await exporter.close();
});

function requests(cluster: string, revision: string, byCode: Readonly<Record<string, number>>): string[] {
  return Object.entries(byCode).flatMap(([code, count]) =>
    histogramLines({
      family: 'revision_app_request_latencies',
      labels: { cluster, namespace_name: 'default', revision_name: revision, pod_name: 'pod', response_code: code },
      buckets: { '5': 0, '10': count, '+Inf': count },
      sum: 7 * count,
    }),
  );
}

test("a candidate with 30 % errors beside another cluster's good one is refused before the first write", async () => {
  const experiment = anExperiment({
    target,
    baseline: { name: 'v1', revision: 'app-v1', variables: {} },
    candidates: [{ name: 'v2', revision: 'app-v2', variables: {} }],
  });
  const { problems } = await checkStore(experiment, { prometheusUrl: prometheus.url, scrapeIntervalMs }, signal);
  expect(problems).toEqual([
    expect.stringMatching(
      /^the run would be blind .*: series of revision app-v2 differ in cluster \("prod", "staging"\).* SERIN_PROMETHEUS_MATCHERS, such as cluster="prod"$/,
    ),
  ]);
});

test('and has its 30 % where the matchers say which cluster is meant', async () => {
  const measured = await measure({
    baseUrl: prometheus.url,
    access: { prometheusMatchers: 'cluster="prod"' },
    scrapeIntervalMs,
    target,
    revisions: ['app-v1', 'app-v2'],
    fromMs,
    now: Date.now,
    signal,
  });
  expect(measured).toMatchObject({
    kind: 'measured',
    baseline: { requests: 100, errors5xx: 0 },
    candidates: [{ requests: 100, errors5xx: 30 }],
  });
});
