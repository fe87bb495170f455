import { afterEach, describe, expect, test } from 'vitest';
import type { PrometheusAccess } from '../../../metrics/prometheus/access.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { readHistory } from '../../../metrics/prometheus/history.ts';
import { storeProblems } from '../../../activities/preflight/metrics.ts';
import { anExperiment } from '../../support/builders.ts';
import { queueProxySeries } from '../../support/queue-proxy-series.ts';
import type { PodSeries } from '../../support/queue-proxy-series.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { ScriptedSeries, ScriptedStore, StoreScript } from '../../support/scripted-store.ts';

let store: ScriptedStore | undefined;
afterEach(() => store?.close());

const scrapeIntervalMs = 10_000;
const nowMs = Date.parse('2026-11-29T12:00:00Z');
/** The window of a measurement that begins a minute before its end. */
const [fromMs, toMs] = [nowMs - scrapeIntervalMs - 60_000, nowMs - scrapeIntervalMs];
const experiment = anExperiment({
  intervalMs: 60_000,
  target: { namespace: 'shop', name: 'app' },
  baseline: { name: 'v1', revision: 'app-v1', variables: {} },
  candidates: [{ name: 'v2', revision: 'app-v2', variables: {} }],
});

/** Scrapes every 10 s through the window, with as many requests each. */
function scrapes(requests: number, { until = toMs, from = fromMs } = {}): readonly (readonly [number, number])[] {
  const count = Math.floor((until - from) / scrapeIntervalMs) + 1;
  return Array.from({ length: count }, (_, index) => [from + index * scrapeIntervalMs, 100 + index * requests] as const);
}

function up(labels: Readonly<Record<string, string>>, value = 1): ScriptedSeries {
  return { labels: { __name__: 'up', ...labels }, samples: scrapes(0).map(([atMs]) => [atMs, value]) };
}

async function serve(script: StoreScript): Promise<ScriptedStore> {
  store = await startScriptedStore(script);
  return store;
}

async function measureOf(script: StoreScript, access: PrometheusAccess = {}) {
  const { url: baseUrl } = await serve(script);
  const { signal } = new AbortController();
  const target = { namespace: 'shop', name: 'app' };
  return measure({ baseUrl, access, scrapeIntervalMs, target, revisions: ['app-v1', 'app-v2'], fromMs, nowMs, signal });
}

function pods(...list: readonly Partial<PodSeries>[]): ScriptedSeries[] {
  return list.flatMap((one) => queueProxySeries({ counts: scrapes(10), ...one }));
}

/** Two clusters with the same names. */
function twoClusters(label = 'cluster'): ScriptedSeries[] {
  return ['prod', 'staging'].flatMap((value) => [
    ...pods(
      { revision: 'app-v1', pod: `${value}-1`, labels: { [label]: value } },
      { pod: `${value}-2`, labels: { [label]: value } },
    ),
    up({ [label]: value, instance: value }),
  ]);
}

describe('a store with the series of several clusters', () => {
  test.each(['cluster', 'env', 'tenant_id', 'prometheus', 'region', 'k8s_cluster_name'])(
    'is refused, with the label %s and its values',
    async (label) => {
      expect(await measureOf({ series: twoClusters(label) })).toEqual({
        kind: 'error',
        reason:
          `series of revision app-v1 differ in ${label} ("prod", "staging"), in which no two pods of one cluster do: ` +
          `requests of others would be counted; say which are yours with SERIN_PROMETHEUS_MATCHERS, such as ${label}="prod"`,
      });
    },
  );

  test('is measured by the matchers of the settings, which are in every question', async () => {
    const measured = await measureOf({ series: twoClusters() }, { prometheusMatchers: 'cluster="prod"' });
    expect(measured).toMatchObject({ kind: 'measured', baseline: { requests: 60 }, candidates: [{ requests: 60 }] });
    expect(store?.requests.filter(({ query }) => !query.includes('cluster="prod"'))).toEqual([]);
  });

  test('is read for the history by the matchers too', async () => {
    const { url: baseUrl, requests } = await serve({ series: twoClusters() });
    const { signal } = new AbortController();
    const access = { prometheusMatchers: 'cluster="prod"' };
    const history = await readHistory({ baseUrl, access, scrapeIntervalMs, experiment, nowMs, signal });
    expect(history.unread).toBeUndefined();
    expect(requests.every(({ query }) => query.includes('cluster="prod"'))).toBe(true);
  });

  test('is told from one cluster in which pods, nodes, zones and sidecars differ', async () => {
    const labels = (n: number) => ({
      node: `node-${n}`,
      kubernetes_io_hostname: `host-${n}`,
      topology_kubernetes_io_zone: `zone-${n}`,
      service_version: `1.${n}`,
      pod_ip: `10.0.0.${n}`,
    });
    const series = pods({ pod: 'a', labels: labels(1) }, { pod: 'b', labels: labels(2) });
    expect(await measureOf({ series })).toMatchObject({ kind: 'measured', candidates: [{ requests: 120 }] });
  });

  test('is told from one cluster whose label was introduced while the run goes on', async () => {
    const middleMs = fromMs + 30_000;
    const before = { pod: 'a', counts: scrapes(10, { until: middleMs }) };
    const after = { pod: 'a', counts: scrapes(10).filter(([atMs]) => atMs > middleMs), labels: { cluster: 'prod' } };
    expect(await measureOf({ series: pods(before, after) })).toMatchObject({ kind: 'measured', candidates: [{ requests: 60 }] });
  });
});

describe('a pair of Prometheus servers', () => {
  test.each(['prometheus_replica', 'replica', '__replica__'])('is refused as such by its label %s', async (label) => {
    const series = pods({ labels: { [label]: 'a' } }, { labels: { [label]: 'b' } });
    expect(await measureOf({ series })).toEqual({
      kind: 'error',
      reason:
        `the store has each series of revision app-v2 once for each replica of a Prometheus, ${label} ("a", "b"): ` +
        'let it deduplicate them (Thanos: --query.replica-label, Mimir: its HA tracker, VictoriaMetrics: ' +
        `-dedup.minScrapeInterval), or choose one replica with SERIN_PROMETHEUS_MATCHERS, such as ${label}="a"`,
    });
  });
});

describe('the preflight', () => {
  async function problems(script: StoreScript, access: PrometheusAccess = {}) {
    const { url: prometheusUrl } = await serve(script);
    return storeProblems(experiment, { prometheusUrl, access, scrapeIntervalMs }, new AbortController().signal);
  }

  /** The preflight reads what is there now. */
  function shifted(series: readonly ScriptedSeries[]): ScriptedSeries[] {
    const byMs = Date.now() - nowMs;
    return series.map(({ samples = [], ...one }) => ({ ...one, samples: samples.map(([at, value]) => [at + byMs, value]) }));
  }

  test('refuses several clusters before anything is written', async () => {
    expect(await problems({ series: shifted(twoClusters()) })).toEqual([
      expect.stringMatching(/^the run would be blind from its first step on: series of revision app-v1 differ in cluster /),
    ]);
    await store?.close();
    expect(await problems({ series: shifted(twoClusters()) }, { prometheusMatchers: 'cluster="prod"' })).toEqual([]);
  });

  test('tries again while the store is not there', async () => {
    const answer = () => ({ status: 503, body: 'starting' });
    await expect(problems({ answer })).rejects.toMatchObject({ type: 'MetricsUnavailable', nonRetryable: false });
  });
});
