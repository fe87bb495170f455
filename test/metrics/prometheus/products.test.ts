import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkStore } from '../../../activities/preflight/metrics.ts';
import type { PrometheusAccess } from '../../../metrics/prometheus/access.ts';
import { readHistory } from '../../../metrics/prometheus/history.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { until } from '../../../sandbox/processes/condition.ts';
import { anExperiment } from '../../support/builders.ts';
import { histogramLines, startExporter } from '../../support/exporter.ts';
import type { Exporter } from '../../support/exporter.ts';
import { scrapeIntervalMs, startPrometheus } from '../../support/prometheus-server.ts';
import type { PrometheusServer } from '../../support/prometheus-server.ts';
import { productsBehindProxies } from '../../support/store-dialects.ts';
import type { Product } from '../../support/store-dialects.ts';
import { startStoreProxy } from '../../support/store-proxy.ts';
import type { StoreProxy } from '../../support/store-proxy.ts';

const { signal } = new AbortController();
const experiment = anExperiment({
  intervalMs: 10_000,
  target: { namespace: 'default', name: 'app' },
  baseline: { name: 'v2', revision: 'app-v2', variables: {} },
  candidates: [{ name: 'v3', revision: 'app-v3', variables: {} }],
});

let directory: string;
let prometheus: PrometheusServer;
let exporter: Exporter;
let fromMs: number;
const reached = new Map<string, { readonly product: Product; readonly proxy: StoreProxy }>();
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serin-products-'));
  exporter = await startExporter();
  prometheus = await startPrometheus({ jobs: { pods: [exporter] } });
  for (const product of await productsBehindProxies(directory)) {
    const proxy = await startStoreProxy({ upstream: prometheus.url, dialect: product.dialect, lagMs: 0 });
    reached.set(product.dialect.name, { product, proxy });
  }
  fromMs = await prometheus.show(exporter, requests(100));
  await prometheus.show(exporter, requests(150));
});
afterAll(async () => {
  for (const { proxy } of reached.values()) await proxy.close();
  await prometheus.remove();
  await exporter.close();
  await rm(directory, { recursive: true });
});

function requests(count: number): string[] {
  // A namespace of its own is what OpenShift puts onto each series.
  const labels = {
    namespace: 'default',
    namespace_name: 'default',
    revision_name: 'app-v2',
    pod_name: 'pod-1',
    response_code: '200',
  };
  const buckets = { '5': 0, '10': count, '+Inf': count };
  return histogramLines({ family: 'revision_app_request_latencies', labels, buckets, sum: 7 * count });
}

function find(name: string) {
  const { product, proxy } = reached.get(name) ?? expect.fail(`no ${name}`);
  return { baseUrl: `${proxy.url}${product.parameters ?? ''}`, access: product.access };
}

/** Products are down for seconds at times. */
const patience = { limitMs: 40_000, pollMs: 500 };

describe.each(['Thanos', 'Mimir', 'Google Managed Prometheus', 'OpenShift'])('a proxy that acts as %s', (name) => {
  test('shows what was answered, once it is up', async () => {
    const place = find(name);
    const { target } = experiment;
    const measured = await until({ what: 'a measurement', ...patience }, async () => {
      const revisions = ['app-v2', 'app-v3'];
      const one = await measure({ ...place, scrapeIntervalMs, target, revisions, fromMs, now: Date.now, signal });
      return one.kind === 'measured' ? one : undefined;
    });
    expect(measured.baseline).toMatchObject({ requests: 50, latencySumMs: 350 });
  });

  test('adds up a history', async () => {
    const place = find(name);
    const history = await until({ what: 'a history', ...patience }, async () => {
      const one = await readHistory({ ...place, experiment, nowMs: Date.now(), signal });
      return one.baseline.requests > 0 ? one : undefined;
    });
    expect(history.baseline.requests).toBe(50);
  });
});

describe('the preflight', () => {
  async function problems(name: string, access: PrometheusAccess, parameters?: string): Promise<readonly string[]> {
    const { baseUrl } = find(name);
    const prometheusUrl = parameters === undefined ? baseUrl : baseUrl.replace(/\?.*/, parameters);
    const found = await checkStore(experiment, { prometheusUrl, access, scrapeIntervalMs }, signal);
    return found.problems;
  }

  test.each([
    ['Mimir', 'no org id'],
    ['Google Managed Prometheus', 'Request had invalid authentication credentials'],
  ])('ends at once where %s is not told who asks', async (name, said) => {
    expect(await problems(name, {})).toEqual([
      expect.stringMatching(
        new RegExp(
          `HTTP 401: ${said}; nothing says who asks: set SERIN_PROMETHEUS_TOKEN_FILE, SERIN_PROMETHEUS_HEADERS`,
        ),
      ),
    ]);
  });

  test('ends at once where OpenShift is not told the token, or the namespace', async () => {
    const { access } = find('OpenShift');
    const { prometheusCaFile } = access;
    expect(await problems('OpenShift', { prometheusCaFile })).toEqual([
      expect.stringContaining('HTTP 401: Unauthorized'),
    ]);
    expect(await problems('OpenShift', access, '')).toEqual([
      expect.stringContaining('The "namespace" query parameter must be provided'),
    ]);
  });

  test('names the setting of the authority where that of OpenShift is not trusted', async () => {
    const { prometheusTokenFile } = find('OpenShift').access;
    await expect(problems('OpenShift', { prometheusTokenFile })).rejects.toThrow(/SERIN_PROMETHEUS_CA_FILE/);
  });
});
