import { afterEach, describe, expect, test } from 'vitest';
import type { PrometheusAccess } from '../../../metrics/prometheus/access.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import type { MeasureInput } from '../../../metrics/prometheus/measure.ts';
import { checkStore, lagProblem } from '../../../activities/preflight/metrics.ts';
import { anExperiment } from '../../support/builders.ts';
import { queueProxySeries } from '../../support/queue-proxy-series.ts';
import type { PodSeries } from '../../support/queue-proxy-series.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { ScriptedSeries, ScriptedStore, StoreScript } from '../../support/scripted-store.ts';

let store: ScriptedStore | undefined;
afterEach(() => store?.close());

const scrapeIntervalMs = 10_000;
const nowMs = Date.parse('2026-11-29T12:00:00Z');
/** The window of a measurement that begins a minute before the newest sample. */
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
  return Array.from(
    { length: count },
    (_, index) => [from + index * scrapeIntervalMs, 100 + index * requests] as const,
  );
}

function up(labels: Readonly<Record<string, string>>, value = 1): ScriptedSeries {
  return { labels: { __name__: 'up', ...labels }, samples: scrapes(0).map(([atMs]) => [atMs, value]) };
}

async function serve(script: StoreScript): Promise<ScriptedStore> {
  store = await startScriptedStore(script);
  return store;
}

async function measureOf(script: StoreScript, access: PrometheusAccess = {}, more: Partial<MeasureInput> = {}) {
  const { url: baseUrl } = await serve({ nowMs, ...script });
  const { signal } = new AbortController();
  const now = (): number => nowMs;
  const target = { namespace: 'shop', name: 'app' };
  const revisions = ['app-v1', 'app-v2'];
  return measure({ baseUrl, access, scrapeIntervalMs, target, revisions, fromMs, now, signal, ...more });
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

/** Two pods, one of which Prometheus cannot scrape any more. */
const overloaded: readonly ScriptedSeries[] = [
  ...pods({}, { pod: 'pod-2', counts: scrapes(10, { until: fromMs + 20_000 }) }),
  up({ job: 'pods', instance: 'pod-1:9091' }),
  up({ job: 'pods', instance: 'pod-2:9091' }, 0),
];

/** The questions about series that do not bear the matchers. */
function unmatched(asked: ScriptedStore | undefined): readonly string[] {
  const questions = asked?.requests.map(({ query }) => query) ?? [];
  return questions.filter((query) => query !== 'vector(time())' && !query.includes('cluster="prod"'));
}

/** The questions with a pattern of names. */
function patterns(asked: ScriptedStore | undefined): readonly string[] {
  return asked?.requests.flatMap(({ query }) => (query.includes('__name__=~') ? [query] : [])) ?? [];
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
    expect(unmatched(store)).toEqual([]);
  });

  test('is waited for by the matchers too, while nothing new shows', async () => {
    const prometheusMatchers = 'cluster="prod"';
    const late = await measureOf(
      { series: twoClusters(), nowMs: nowMs + 30_000 },
      { prometheusMatchers },
      { fromMs: toMs },
    );
    expect(late).toMatchObject({ kind: 'blind', reason: expect.stringMatching(/^no sample after/) });
    await store?.close();
    await measureOf({ series: twoClusters(), nowMs: nowMs + 360_000 }, { prometheusMatchers }, { fromMs: toMs });
    expect(store?.requests.map(({ query }) => query)).toContain('max(timestamp(up{cluster="prod"}))');
    expect(unmatched(store)).toEqual([]);
    expect(patterns(store)).toEqual([]);
  });

  test('is asked for its lag by the matchers too', async () => {
    const { url: prometheusUrl } = await serve({ nowMs, series: twoClusters() });
    const settings = { prometheusUrl, access: { prometheusMatchers: 'cluster="prod"' }, scrapeIntervalMs };
    const { signal } = new AbortController();
    const means = { now: () => nowMs, wait: async () => undefined, signal };
    expect(await lagProblem(experiment, settings, means)).toBeUndefined();
    expect(store?.requests.length).toBeGreaterThan(2);
    expect(unmatched(store)).toEqual([]);
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
    expect(await measureOf({ series: pods(before, after) })).toMatchObject({
      kind: 'measured',
      candidates: [{ requests: 60 }],
    });
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

describe('the questions', () => {
  test('name the series: no store is asked for a pattern of names', async () => {
    await measureOf({ series: pods({}) });
    expect(patterns(store)).toEqual([]);
    expect(store?.requests.length).toBeGreaterThan(4);
  });

  test('do without names with dots where the store refuses those', async () => {
    const answer = ({ query }: { readonly query: string }) =>
      query.includes('"k8s.') ? { status: 400, body: '{"status":"error","error":"parse error"}' } : undefined;
    const measured = await measureOf({ series: [up({ instance: 'a' })], answer });
    expect(store?.requests.some(({ query }) => query.includes('"k8s.'))).toBe(true);
    expect(measured).toMatchObject({
      kind: 'blind',
      reason: expect.stringMatching(/^Prometheus has no request metrics/),
    });
  });
});

describe('the names of OpenTelemetry', () => {
  test.each([
    { family: 'kn_serving_invocation_duration_seconds', separator: '_' },
    { family: 'kn_queueproxy_app_duration_seconds', separator: '_' },
    { family: 'kn_queueproxy_app_duration', separator: '_' },
    { family: 'kn_serving_invocation_duration', separator: '_' },
    { family: 'kn.queueproxy.app.duration', separator: '.' },
    { family: 'kn.serving.invocation.duration', separator: '.' },
    { family: 'kn.serving.invocation.duration_seconds', separator: '.' },
  ])('are found as $family', async ({ family, separator }) => {
    const write = (name: string): string => name.replaceAll('.', separator);
    const labels = {
      [write('k8s.namespace.name')]: 'shop',
      [write('kn.revision.name')]: 'app-v2',
      [write('k8s.pod.name')]: 'pod-1',
      [write('http.response.status_code')]: '200',
    };
    const counts = scrapes(10);
    const part = (suffix: string, more = {}): ScriptedSeries => {
      return { labels: { __name__: `${family}_${suffix}`, ...labels, ...more }, samples: counts };
    };
    const series = [part('bucket', { le: '+Inf' }), part('sum'), part('count')];
    expect(await measureOf({ series })).toMatchObject({ candidates: [{ requests: 60, latencySumMs: 60_000 }] });
  });
});

describe('native histograms', () => {
  const family = 'kn_serving_invocation_duration_seconds';
  const labels = {
    __name__: family,
    k8s_namespace_name: 'shop',
    kn_revision_name: 'app-v2',
    k8s_pod_name: 'pod-1',
    http_response_status_code: '200',
  };

  /** A series whose every scrape adds the buckets once more. */
  function native(buckets: readonly (readonly [string, string, number])[], sum: number): ScriptedSeries {
    return {
      labels,
      histograms: scrapes(1).map(([atMs, factor]) => {
        const shown = buckets.map(([lower, upper, count]) => [0, lower, upper, String(count * factor)]);
        const count = buckets.reduce((total, [, , requests]) => total + requests * factor, 0);
        return [atMs, { count: String(count), sum: String(sum * factor), buckets: shown }];
      }),
    };
  }

  test('with custom buckets have the boundaries of the classic ones, exactly', async () => {
    const measured = await measureOf({
      series: [
        native(
          [
            ['-Inf', '0.005', 3],
            ['0.05', '0.075', 2],
            ['10', '+Inf', 1],
          ],
          12,
        ),
      ],
    });
    const at = (le: number | null, count: number) => ({ le, count });
    expect(measured).toMatchObject({
      kind: 'measured',
      candidates: [
        {
          requests: 36,
          latencySumMs: 72_000,
          buckets: [
            ...[5, 10, 25, 50].map((le) => at(le, 18)),
            ...[75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000].map((le) => at(le, 30)),
            at(null, 36),
          ],
        },
      ],
    });
  });

  test('are waited for while they live and nothing new shows', async () => {
    const series = [native([['0.05', '0.075', 2]], 1)];
    const late = await measureOf({ series, nowMs: nowMs + 30_000 }, {}, { fromMs: toMs });
    expect(late).toMatchObject({ kind: 'blind', reason: expect.stringMatching(/^no sample after/) });
    expect(patterns(store)).toEqual([]);
  });

  test('with exponential buckets are counted at boundaries that all resolutions have', async () => {
    // Schema 3: a doubling has 8 buckets. 100 ms are between 88.4 and 105.1.
    const bound = (index: number): string => String(2 ** (index / 8));
    const measured = await measureOf({
      series: [
        native(
          [
            [bound(-29), bound(-28), 3],
            [bound(-27), bound(-26), 2],
            ['-0.0001', '0.0001', 1],
          ],
          1,
        ),
      ],
    });
    const candidate = measured.kind === 'measured' ? measured.candidates[0] : undefined;
    expect(candidate?.requests).toBe(36);
    const near = (le: number) => candidate?.buckets.find((bucket) => Math.abs((bucket.le ?? 0) - le) < 0.1)?.count;
    expect([near(74.3), near(88.4), near(105.1)]).toEqual([6, 24, 36]);
    expect(candidate?.buckets.at(-1)).toEqual({ le: null, count: 36 });
  });
});

describe("gRPC in Istio's metrics", () => {
  test.each([
    ['0', 0, 0],
    ['5', 0, 60],
    ['14', 60, 60],
    ['2', 60, 60],
  ])('status %s is so many errors of the server: %s', async (grpc, errors5xx, errorsNot2xx) => {
    const labels = {
      reporter: 'destination',
      source_workload: 'gateway',
      destination_workload: 'app-v2-deployment',
      destination_workload_namespace: 'shop',
      response_code: '200',
      grpc_response_status: grpc,
    };
    const part = (suffix: string, more = {}): ScriptedSeries => {
      const name = `istio_request_duration_milliseconds_${suffix}`;
      return { labels: { __name__: name, ...labels, ...more }, samples: scrapes(10) };
    };
    const series = [part('bucket', { le: '+Inf' }), part('sum'), part('count')];
    expect(await measureOf({ series })).toMatchObject({ candidates: [{ requests: 60, errors5xx, errorsNot2xx }] });
  });
});

describe('an answer', () => {
  test.each([
    [
      { warnings: ['store 2 is down'] },
      { kind: 'blind', reason: expect.stringMatching(/answered in part: store 2 is down$/) },
    ],
    [{ isPartial: true }, { kind: 'blind', reason: expect.stringMatching(/answered in part: isPartial is true$/) }],
    [{ isPartial: false, warnings: ['PromQL info: metric might not be a counter'] }, { kind: 'measured' }],
    [{ infos: ['PromQL info: metric might not be a counter'] }, { kind: 'measured' }],
    [
      { warnings: ['PromQL warning: no le'] },
      { kind: 'error', reason: expect.stringMatching(/doubts the query: PromQL warning: no le$/) },
    ],
  ])('with %o beside the data is understood', async (beside, expected) => {
    expect(await measureOf({ series: pods({}), beside })).toMatchObject(expected);
  });
});

describe('a store without any series of the versions', () => {
  const series = [up({ instance: 'a' })];
  const blind = {
    kind: 'blind',
    reason:
      'Prometheus has no request metrics of app-v1 and app-v2 that serin knows: either no request has reached them, or ' +
      'their pods are not scraped, or the metrics have other names (docs/metrics.md)',
  };

  test('says nothing of a candidate: blind', async () => {
    expect(await measureOf({ series })).toMatchObject(blind);
    expect(await measureOf({ series }, {}, { countPods: async () => [1, 0] })).toMatchObject(blind);
    expect(await measureOf({ series }, {}, { countPods: async () => [] })).toMatchObject(blind);
  });

  test('has nothing to say where Knative has no pods of them', async () => {
    const measured = await measureOf({ series }, {}, { countPods: async () => [0, 0] });
    expect(measured).toMatchObject({ kind: 'measured', candidates: [{ requests: 0 }] });
  });

  test('is no hindrance where other metrics are judged', async () => {
    expect(await measureOf({ series }, {}, { hasOtherMetrics: true })).toMatchObject({ kind: 'measured' });
  });

  test('is told from one that had some lately, and from one that has those of one version', async () => {
    const earlier = scrapes(10, { from: fromMs - 200_000, until: fromMs - 100_000 });
    const lately = [...series, ...pods({ counts: earlier, endedMs: fromMs - 90_000 })];
    expect(await measureOf({ series: lately })).toMatchObject({ kind: 'measured', candidates: [{ requests: 0 }] });
    await store?.close();
    const ofBaseline = pods({ revision: 'app-v1' });
    expect(await measureOf({ series: ofBaseline })).toMatchObject({ kind: 'measured', candidates: [{ requests: 0 }] });
  });
});

describe('a pod whose series have ended', () => {
  const ended = scrapes(10, { until: fromMs + 20_000 });

  test('is out of sight while its scrapes fail: named, and blind', async () => {
    expect(await measureOf({ series: overloaded })).toMatchObject({
      kind: 'blind',
      reason:
        'out of sight for 30 s or longer: pod-2 of revision app-v2: Prometheus has the target, and cannot scrape it (up is 0), ' +
        'so that the others would be judged in its place',
    });
  });

  test('is out of sight where it was the only one', async () => {
    const series = [
      ...pods({ counts: ended, endedMs: fromMs + 30_000 }),
      up({ job: 'pods', instance: 'pod-1:9091' }, 0),
    ];
    expect(await measureOf({ series })).toMatchObject({
      kind: 'blind',
      reason: expect.stringMatching(/^out of sight for 30 s or longer: pod-1 of revision app-v2: /),
    });
  });

  test('is only late where its scrapes are late with it', async () => {
    const late = { atMs: fromMs + 20_000, shownMs: nowMs + 60_000 };
    const { labels, samples = [] } = up({ job: 'pods', instance: 'pod-2:9091' }, 0);
    const hidden = samples.map(([atMs, value]) => [atMs, value, atMs > late.atMs ? late.shownMs : atMs] as const);
    const series = [...pods({}, { pod: 'pod-2', counts: ended }), { labels, samples: hidden }];
    expect(await measureOf({ series })).toMatchObject({ kind: 'measured', candidates: [{ requests: 80 }] });
  });

  test('is gone where its target is gone too', async () => {
    const { labels, samples = [] } = up({ job: 'pods', instance: 'pod-2:9091' }, 0);
    const gone = { labels, samples: samples.filter(([atMs]) => atMs <= fromMs + 30_000) };
    const series = [...pods({}, { pod: 'pod-2', counts: ended }), up({ job: 'pods', instance: 'pod-1:9091' }), gone];
    expect(await measureOf({ series })).toMatchObject({ kind: 'measured', candidates: [{ requests: 80 }] });
  });

  test('is in sight where its target is scraped, and where nothing is', async () => {
    const series = pods({}, { pod: 'pod-2', counts: ended });
    const scraped = [...series, up({ job: 'pods', instance: 'pod-2:9091' })];
    expect(await measureOf({ series: scraped })).toMatchObject({ kind: 'measured' });
    await store?.close();
    expect(await measureOf({ series })).toMatchObject({ kind: 'measured' });
  });
});

describe('the preflight', () => {
  async function check(script: StoreScript, access: PrometheusAccess = {}) {
    const { url: prometheusUrl } = await serve(script);
    const { signal } = new AbortController();
    return checkStore(experiment, { prometheusUrl, access, scrapeIntervalMs }, signal);
  }

  /** The preflight reads what is there now. */
  function shifted(series: readonly ScriptedSeries[]): ScriptedSeries[] {
    const byMs = Date.now() - nowMs;
    return series.map(({ samples = [], ...one }) => ({
      ...one,
      samples: samples.map(([at, value]) => [at + byMs, value]),
    }));
  }

  test('refuses several clusters before anything is written', async () => {
    expect(await check({ series: shifted(twoClusters()) })).toEqual({
      problems: [
        expect.stringMatching(
          /^the run would be blind from its first step on: series of revision app-v1 differ in cluster /,
        ),
      ],
      warnings: [],
    });
    await store?.close();
    const chosen = await check({ series: shifted(twoClusters()) }, { prometheusMatchers: 'cluster="prod"' });
    expect(chosen).toEqual({ problems: [], warnings: [] });
  });

  test('warns where the store has no series of any version', async () => {
    expect(await check({ series: shifted([up({ instance: 'a' })]) })).toEqual({
      problems: [],
      warnings: [
        expect.stringMatching(
          /^Prometheus has no request metrics of app-v1 and app-v2 .*; the run is blind while this lasts$/,
        ),
      ],
    });
  });

  test('tries again while a pod cannot be scraped', async () => {
    await expect(check({ series: shifted(overloaded) })).rejects.toMatchObject({
      type: 'MetricsUnavailable',
      message: expect.stringMatching(
        /^the run would be blind from its first step on: out of sight .*: pod-2 of/,
      ) as string,
    });
  });

  test('tries again while the store is not there', async () => {
    const answer = () => ({ status: 503, body: 'starting' });
    await expect(check({ answer })).rejects.toMatchObject({ type: 'MetricsUnavailable', nonRetryable: false });
  });
});
