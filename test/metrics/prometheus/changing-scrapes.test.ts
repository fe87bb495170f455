import { describe, expect, test } from 'vitest';
import type { Checkpoint, RunMeasurement } from '../../../core/measurements/measurement.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import { surveyRevisions } from '../../../metrics/prometheus/survey.ts';
import { queueProxySeries } from '../../support/queue-proxy-series.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { Scripted, ScriptedSeries } from '../../support/scripted-store.ts';

const beginMs = Date.UTC(2026, 10, 29, 10);
const scrapeIntervalMs = 10_000;
const { signal } = new AbortController();
const revisions = ['app-v1', 'app-v2'];

/** The counter of a process that answers a request a second since an hour, from one second to another. */
function scrapes(fromS: number, toS: number): readonly Scripted<number>[] {
  return Array.from({ length: (toS - fromS) / 10 + 1 }, (_, index) => fromS + index * 10).map((s) => [
    beginMs + s * 1000,
    s + 3600,
  ]);
}

function pod(name: string, { revision = 'app-v2', code = '200', labels = {}, counts = scrapes(-600, 1200) } = {}) {
  return queueProxySeries({ revision, pod: name, code, labels, counts: counts.map(([atMs, n]) => [atMs, n] as const) });
}

/** A process whose series has no label for it, such as a sidecar or a gateway. */
function proxy(
  own: Readonly<Record<string, string>>,
  family: string,
  counts: readonly Scripted<number>[],
): ScriptedSeries[] {
  const part = (suffix: string, more: Readonly<Record<string, string>> = {}, factor = 1): ScriptedSeries => ({
    labels: { __name__: `${family}_${suffix}`, ...own, ...more },
    samples: counts.map(([atMs, value]) => [atMs, value * factor]),
  });
  return [part('bucket', { le: '10' }), part('bucket', { le: '+Inf' }), part('sum', {}, 8), part('count')];
}

function up(job: string, instance: string, isUp: (s: number) => boolean): ScriptedSeries {
  const samples = scrapes(-600, 1200).map(([atMs]): Scripted<number> => [atMs, isUp((atMs - beginMs) / 1000) ? 1 : 0]);
  return { labels: { __name__: 'up', job, instance }, samples };
}

/** Measures again and again, at these seconds, as a run does. */
async function observe(
  series: readonly ScriptedSeries[],
  seconds: readonly number[],
): Promise<readonly RunMeasurement[]> {
  const store = await startScriptedStore({ series, nowMs: beginMs });
  let [fromMs, checkpoint]: [number, Checkpoint | undefined] = [beginMs, undefined];
  const measurements: RunMeasurement[] = [];
  for (const second of seconds) {
    store.nowMs = beginMs + second * 1000;
    const measured = await measure({
      baseUrl: store.url,
      scrapeIntervalMs,
      target: { namespace: 'shop', name: 'app' },
      revisions,
      fromMs,
      ...(checkpoint && { checkpoint }),
      now: () => store.nowMs,
      signal,
    });
    measurements.push(measured);
    if (measured.kind === 'measured') [fromMs, checkpoint] = [measured.toMs, measured.checkpoint];
  }
  await store.close();
  return measurements;
}

/** Requests and errors of the candidate in each interval, or why there are none. */
function describeCandidate(measurements: readonly RunMeasurement[]): readonly unknown[] {
  return measurements.map((one) => {
    if (one.kind !== 'measured') return `${one.kind}: ${one.reason}`;
    return [one.candidates[0]?.requests, one.candidates[0]?.errors5xx];
  });
}

const baseline = pod('pod-1', { revision: 'app-v1' });

describe('the shards of one Prometheus, by a label for replicas', () => {
  const [one, other] = ['k8s-0', 'k8s-shard-1-0'].map((prometheus_replica) => ({ labels: { prometheus_replica } }));

  test('have each series once, and are added up', async () => {
    const series = [...baseline, ...pod('pod-2', one), ...pod('pod-3', { ...other, code: '500' })];
    expect(describeCandidate(await observe(series, [60]))).toEqual([[120, 60]]);
  });

  test('are refused where they have a series twice: then they are replicas', async () => {
    const series = [...baseline, ...pod('pod-2', one), ...pod('pod-2', other)];
    expect(describeCandidate(await observe(series, [60]))).toEqual([
      expect.stringMatching(/^error: the store has each series of revision app-v2 once for each replica/),
    ]);
  });
});

test.each(['k8s_cluster_uid', 'cluster_uid', 'cluster_host', 'cluster_hash', 'clusterUid', 'k8s.cluster.uid'])(
  'clusters are told apart by %s',
  async (label) => {
    const copies = ['one', 'two'].flatMap((cluster) => pod(`pod-${cluster}`, { labels: { [label]: cluster } }));
    expect(describeCandidate(await observe([...baseline, ...copies], [60]))).toEqual([
      expect.stringContaining(`series of revision app-v2 differ in ${label} ("one", "two")`),
    ]);
  },
);

test.each(['cluster_node', 'cluster_pod', 'shard', 'prometheus_shard'])(
  'one cluster may differ in %s',
  async (label) => {
    const pods = ['one', 'two'].flatMap((value) => pod(`pod-${value}`, { labels: { [label]: value } }));
    expect(describeCandidate(await observe([...baseline, ...pods], [60]))).toEqual([[120, 0]]);
  },
);

describe('a sidecar that cannot be scraped', () => {
  const family = 'istio_request_duration_milliseconds';
  const sidecar = (revision: string, instance: string, code: string, counts = scrapes(-600, 1200)) => {
    const source = { reporter: 'destination', source_workload: 'istio-ingressgateway' };
    const destination = { destination_workload_namespace: 'shop', destination_workload: `${revision}-deployment` };
    return proxy({ ...source, ...destination, response_code: code, instance, job: 'istio' }, family, counts);
  };
  const seen = [...scrapes(-600, 60), ...scrapes(540, 1200)];
  const series = [
    ...sidecar('app-v1', '10.0.0.1:15020', '200'),
    ...sidecar('app-v2', '10.0.0.2:15020', '200'),
    ...sidecar('app-v2', '10.0.0.3:15020', '500', seen),
    ...['10.0.0.1:15020', '10.0.0.2:15020'].map((instance) => up('istio', instance, () => true)),
    up('istio', '10.0.0.3:15020', (s) => s <= 60 || s >= 540),
  ];

  test('is out of sight, by its address, and what it answered counts once when it is back', async () => {
    const observed = describeCandidate(await observe(series, [60, 120, 480, 540, 600]));
    const blind = expect.stringMatching(
      /^blind: out of sight for 30 s or longer: 10\.0\.0\.3:15020 of revision app-v2: /,
    );
    expect(observed).toEqual([[120, 60], blind, blind, [960, 480], [120, 60]]);
  });
});

describe("a store that shows the markers of a series' end, as VictoriaMetrics does", () => {
  const family = 'envoy_cluster_upstream_rq_time';
  const ended: readonly Scripted<number>[] = [...scrapes(-600, 60), [beginMs + 65_000, NaN]];
  const gateway = (revision: string, instance: string, counts = scrapes(-600, 1200)) => {
    const own = { envoy_cluster_name: `shop/${revision}`, instance, job: 'kourier' };
    const classes = { __name__: 'envoy_cluster_upstream_rq_xx', envoy_response_code_class: '2' };
    return [...proxy(own, family, counts), { labels: { ...own, ...classes }, samples: counts }];
  };

  test('counts the gateway that was replaced until its end', async () => {
    const series = [...gateway('app-v1', 'g1'), ...gateway('app-v2', 'g1'), ...gateway('app-v2', 'g2', ended)];
    expect(describeCandidate(await observe(series, [60, 120, 600]))).toEqual([
      [120, 0],
      [60, 0],
      [480, 0],
    ]);
  });

  test('is surveyed without them', async () => {
    const series = [...baseline, ...pod('pod-2'), ...pod('pod-3', { counts: ended })];
    const store = await startScriptedStore({ series, nowMs: beginMs + 120_000 });
    const prometheus = connectPrometheus({ baseUrl: store.url, signal, limitMs: 5_000 });
    const request = { namespace: 'shop', revisions, now: () => store.nowMs, windowMs: 300_000, scrapeIntervalMs };
    expect(await surveyRevisions(prometheus, request)).toMatchObject({
      revisions: [{ pods: 1 }, { pods: 2, requests: expect.toSatisfy(Number.isInteger) }],
    });
    await store.close();
  });
});

describe('a pod that a second job scrapes for a while', () => {
  const extra = pod('pod-2', { labels: { job: 'extra' }, counts: scrapes(100, 120) }).map((series) => {
    const atMs = beginMs + 125_000;
    return { ...series, ended: { atMs, shownMs: atMs } };
  });

  test('is refused while it does, and soon after that counted once', async () => {
    const refused = expect.stringMatching(/^error: two series for one value: .*scrape each pod once/);
    const observed = describeCandidate(await observe([...baseline, ...pod('pod-2'), ...extra], [60, 120, 300, 360]));
    expect(observed).toEqual([[60, 0], refused, [240, 0], [60, 0]]);
  });
});

test('what was counted by a gateway goes on to be counted by it, also when the pods of a target that was scaled to zero show', async () => {
  const requests = (s: number): number => Math.max(0, s - 20);
  const counts = (fromS: number): readonly Scripted<number>[] =>
    scrapes(fromS, 1200).map(([atMs]) => [atMs, requests((atMs - beginMs) / 1000)]);
  const gateway = (revision: string): ScriptedSeries[] => {
    const own = { envoy_cluster_name: `shop/${revision}`, instance: 'g1', job: 'kourier' };
    const classes = { __name__: 'envoy_cluster_upstream_rq_xx', envoy_response_code_class: '2' };
    return [
      ...proxy(own, 'envoy_cluster_upstream_rq_time', counts(-600)),
      { labels: { ...own, ...classes }, samples: counts(-600) },
    ];
  };
  const pods = [pod('pod-1', { revision: 'app-v1', counts: counts(60) }), pod('pod-2', { counts: counts(60) })];
  const series = [...gateway('app-v1'), ...gateway('app-v2'), ...pods.flat(), up('kourier', 'g1', () => true)];
  expect(describeCandidate(await observe(series, [30, 60, 90, 600]))).toEqual([
    [10, 0],
    [30, 0],
    [30, 0],
    [510, 0],
  ]);
});
