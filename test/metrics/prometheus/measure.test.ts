import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { noCounts } from '../../../core/measurements/measurement.ts';
import type { Checkpoint } from '../../../core/measurements/measurement.ts';
import { type Exporter, type HistogramLines, histogramLines, startExporter } from '../../support/exporter.ts';
import { type PrometheusServer, scrapeIntervalMs, startPrometheus } from '../../support/prometheus-server.ts';

let pods: readonly [Exporter, Exporter, Exporter];
let otherJob: Exporter;
let prometheus: PrometheusServer;
let namespace: string;
let testNumber = 0;

beforeAll(async () => {
  pods = [await startExporter(), await startExporter(), await startExporter()];
  otherJob = await startExporter();
  prometheus = await startPrometheus({ jobs: { pods, other: [otherJob] } });
  await Promise.all([...pods, otherJob].map((exporter) => prometheus.show(exporter, [])));
});

afterAll(async () => {
  await prometheus.remove();
  for (const exporter of [...pods, otherJob]) await exporter.close();
});

/** Each test has a namespace of its own, so that all share one Prometheus. */
beforeEach(async () => {
  testNumber += 1;
  namespace = `test-${testNumber}`;
  await Promise.all([...pods, otherJob].map((exporter) => prometheus.show(exporter, [])));
});

interface ShownCounter {
  readonly revision?: string;
  readonly pod?: string;
  readonly code?: string;
  /** Requests of at most 5 ms, at most 10 ms, and all. */
  readonly counts: readonly [number, number, number];
  readonly sum?: number;
  readonly namespace?: string;
}

function legacy(counter: ShownCounter): string[] {
  return histogramLines(legacyHistogram(counter));
}

function legacyHistogram(counter: ShownCounter): HistogramLines {
  const { revision = 'app-v2', pod = 'pod-1', code = '200', counts, sum = counts[2] * 4 } = counter;
  const labels = {
    namespace_name: counter.namespace ?? namespace,
    revision_name: revision,
    pod_name: pod,
    response_code: code,
    response_code_class: `${code.slice(0, 1)}xx`,
  };
  const buckets = { '5': counts[0], '10': counts[1], '+Inf': counts[2] };
  return { family: 'revision_app_request_latencies', labels, buckets, sum };
}

function openTelemetry({ code = '200', counts, sum = 0 }: ShownCounter, labels: Record<string, string>): string[] {
  const buckets = { '0.005': counts[0], '0.07': counts[1], '+Inf': counts[2] };
  const own = { http_response_status_code: code, otel_scope_name: 'knative.dev/serving/pkg/queue', ...labels };
  return histogramLines({ family: 'kn_serving_invocation_duration_seconds', labels: own, buckets, sum });
}

function resource(pod = 'pod-1'): Record<string, string> {
  return { k8s_namespace_name: namespace, kn_revision_name: 'app-v2', k8s_pod_name: pod };
}

function targetInfo(pod: string, revision?: string): string {
  const labels = { ...resource(pod), ...(revision === undefined ? {} : { kn_revision_name: revision }) };
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `target_info{${pairs.join(',')}} 1`;
}

function latencyBuckets(below5: number, below10: number, all: number) {
  return [
    { le: 5, count: below5 },
    { le: 10, count: below10 },
    { le: null, count: all },
  ];
}

/** Measures from `fromMs`, or from a checkpoint, until now. */
function measureSince(fromMs: number, checkpoint?: Checkpoint) {
  return measure({
    baseUrl: prometheus.url,
    scrapeIntervalMs,
    target: { namespace, name: 'app' },
    revisions: ['app-v1', 'app-v2'],
    fromMs,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    now: Date.now,
    signal: new AbortController().signal,
  });
}

async function measureCandidate(fromMs: number) {
  const measurement = await measureSince(fromMs);
  if (measurement.kind !== 'measured') throw new Error(`${measurement.kind}: ${measurement.reason}`);
  return measurement.candidates[0] ?? noCounts;
}

/** Shows the content in a scrape after `afterMs`. */
async function showAfter(afterMs: number, exporter: Exporter, content: readonly string[]): Promise<number> {
  let ticked = await prometheus.show(pods[2], []);
  while (ticked <= afterMs) ticked = await prometheus.show(pods[2], []);
  return prometheus.show(exporter, content);
}

describe('measure', () => {
  test('counts what was added in the window, over pods and response codes, for each revision', async () => {
    const [first, second, third] = pods;
    await prometheus.show(first, [...legacy({ counts: [10, 20, 30] }), ...legacy({ code: '500', counts: [0, 0, 1] })]);
    await prometheus.show(second, legacy({ pod: 'pod-2', counts: [5, 5, 5] }));
    const fromMs = await prometheus.show(third, legacy({ revision: 'app-v1', pod: 'pod-3', counts: [1, 1, 1] }));
    await prometheus.show(first, [
      ...legacy({ counts: [11, 22, 33], sum: 200 }),
      ...legacy({ code: '500', counts: [0, 1, 3], sum: 100 }),
      ...legacy({ code: '404', counts: [4, 4, 4], sum: 16 }),
    ]);
    await prometheus.show(second, legacy({ pod: 'pod-2', counts: [6, 7, 10], sum: 120 }));
    const toMs = await prometheus.show(third, legacy({ revision: 'app-v1', pod: 'pod-3', counts: [1, 1, 3], sum: 54 }));

    const measurement = await measureSince(fromMs);
    expect(measurement).toMatchObject({
      kind: 'measured',
      fromMs,
      baseline: { requests: 2, errors5xx: 0, errorsNot2xx: 0, latencySumMs: 50, buckets: latencyBuckets(0, 0, 2) },
      candidates: [
        { requests: 14, errors5xx: 2, errorsNot2xx: 6, latencySumMs: 292, buckets: latencyBuckets(6, 9, 14) },
      ],
      asked: expect.arrayContaining([
        expect.objectContaining({ query: expect.stringContaining('revision_app_request_latencies_bucket') }),
      ]),
      visibility: { clockMs: 0 },
    });
    expect(measurement.kind === 'measured' && measurement.toMs).toBeGreaterThanOrEqual(toMs);
  });

  test('counts a series that is born in the window from 0', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ counts: [100, 100, 100] }));
    await prometheus.show(pod, [
      ...legacy({ counts: [100, 100, 100] }),
      ...legacy({ code: '503', counts: [0, 0, 1], sum: 80 }),
    ]);
    expect(await measureCandidate(fromMs)).toEqual({
      requests: 1,
      errors5xx: 1,
      errorsNot2xx: 1,
      latencySumMs: 80,
      buckets: latencyBuckets(0, 0, 1),
    });
  });

  test('counts the new values after a reset, of all buckets together', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ counts: [2, 50, 100] }));
    await prometheus.show(pod, legacy({ counts: [2, 50, 110], sum: 900 }));
    // The lowest bucket has overtaken its old value already.
    await prometheus.show(pod, legacy({ counts: [7, 8, 9], sum: 36 }));
    expect(await measureCandidate(fromMs)).toMatchObject({
      requests: 19,
      latencySumMs: 536,
      buckets: latencyBuckets(7, 8, 19),
    });
  });

  test('keeps what a dead pod counted, and counts the one that takes its place', async () => {
    const [oldPod, newPod] = pods;
    const fromMs = await prometheus.show(oldPod, legacy({ pod: 'old', counts: [10, 10, 10] }));
    await prometheus.show(oldPod, legacy({ pod: 'old', counts: [15, 15, 15] }));
    await prometheus.show(oldPod, []);
    await prometheus.show(newPod, legacy({ pod: 'new', counts: [3, 3, 3] }));
    expect((await measureCandidate(fromMs)).requests).toBe(8);
  });

  test('forgets a pod that died before the window', async () => {
    const [pod, other] = pods;
    await prometheus.show(other, legacy({ revision: 'app-v1', counts: [7, 7, 7] }));
    await prometheus.show(pod, legacy({ counts: [10, 10, 10] }));
    const fromMs = await prometheus.show(pod, []);
    await prometheus.show(pod, []);
    expect(await measureCandidate(fromMs)).toEqual(noCounts);
  });

  test('measures no requests where there are no series, or none was added', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ revision: 'app-v1', counts: [7, 7, 7] }));
    const toMs = await prometheus.show(pod, legacy({ revision: 'app-v1', counts: [7, 7, 7] }));
    const query = expect.stringContaining('revision_app_request_latencies_bucket');
    const asked = expect.arrayContaining([expect.objectContaining({ query })]);
    const measurement = await measureSince(fromMs);
    expect(measurement).toMatchObject({ kind: 'measured', fromMs, baseline: noCounts, candidates: [noCounts], asked });
    expect(measurement.kind === 'measured' && measurement.toMs).toBeGreaterThanOrEqual(toMs);
  });

  test('does not count again what was out of sight when the window began', async () => {
    const [pod] = pods;
    await prometheus.show(pod, legacy({ counts: [1000, 1000, 1000] }));
    const hiddenAtMs = await prometheus.hide(pod);
    const fromMs = hiddenAtMs + 4 * scrapeIntervalMs;
    await showAfter(fromMs, pod, legacy({ counts: [1007, 1007, 1007] }));
    expect((await measureCandidate(fromMs)).requests).toBe(7);
  });

  test('does not mistake what Prometheus has forgotten for new', async () => {
    const [pod] = pods;
    await prometheus.show(pod, legacy({ counts: [1000, 1000, 1000] }));
    await prometheus.show(pod, legacy({ counts: [1007, 1007, 1007] }));
    const fromMs = prometheus.startedAtMs - 1000;
    expect((await measureCandidate(fromMs)).requests).toBe(7);
  });

  test('adds up to the whole over intervals that follow each other', async () => {
    const [pod] = pods;
    let fromMs = await prometheus.show(pod, legacy({ counts: [0, 0, 0] }));
    let checkpoint: Checkpoint | undefined;
    const requests: number[] = [];
    for (const count of [3, 9, 9, 27]) {
      await prometheus.show(pod, legacy({ counts: [count, count, count] }));
      const measurement = await measureSince(fromMs, checkpoint);
      if (measurement.kind !== 'measured') throw new Error(`${measurement.kind}: ${measurement.reason}`);
      requests.push(measurement.candidates[0]?.requests ?? 0);
      ({ toMs: fromMs, checkpoint } = measurement);
    }
    expect(requests).toEqual([3, 6, 0, 18]);
  });

  test('does not mix namespaces, nor names that a regular expression would match', async () => {
    const [pod, other] = pods;
    const fromMs = await prometheus.show(pod, []);
    await prometheus.show(other, [
      ...legacy({ namespace: 'elsewhere', counts: [1, 1, 1] }),
      ...legacy({ revision: 'app-v2-old', counts: [2, 2, 2] }),
      ...legacy({ revision: 'appXv2', counts: [4, 4, 4] }),
    ]);
    await prometheus.show(pod, legacy({ revision: 'app.v2', counts: [8, 8, 8] }));
    const measurement = await measure({
      baseUrl: prometheus.url,
      scrapeIntervalMs,
      target: { namespace, name: 'app' },
      revisions: ['app"v1\\', 'app.v2'],
      fromMs,
      now: Date.now,
      signal: new AbortController().signal,
    });
    expect(measurement).toMatchObject({ baseline: { requests: 0 }, candidates: [{ requests: 8 }] });
  });
});

describe("measure of Knative's OpenTelemetry metrics", () => {
  test('turns seconds into milliseconds and derives the class from the code', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, openTelemetry({ counts: [1, 1, 1], sum: 0.1 }, resource()));
    await prometheus.show(pod, [
      ...openTelemetry({ counts: [2, 3, 4], sum: 0.4 }, resource()),
      ...openTelemetry({ code: '502', counts: [0, 0, 2], sum: 3 }, resource()),
    ]);
    expect(await measureCandidate(fromMs)).toEqual({
      requests: 5,
      errors5xx: 2,
      errorsNot2xx: 2,
      latencySumMs: 3300,
      buckets: [
        { le: 5, count: 1 },
        { le: 70, count: 2 },
        { le: null, count: 5 },
      ],
    });
  });

  test('finds the revision of a scraped queue-proxy in its target_info', async () => {
    const [first, second, third] = pods;
    const fromMs = await prometheus.show(first, [targetInfo('pod-1'), ...openTelemetry({ counts: [1, 1, 1] }, {})]);
    await prometheus.show(second, [targetInfo('pod-2'), ...openTelemetry({ counts: [2, 2, 2] }, {})]);
    await prometheus.show(third, openTelemetry({ counts: [100, 100, 100] }, {}));
    await prometheus.show(first, [targetInfo('pod-1'), ...openTelemetry({ counts: [4, 4, 4] }, {})]);
    expect((await measureCandidate(fromMs)).requests).toBe(5);
  });

  test('tells pods apart that had the same address one after the other', async () => {
    const [pod] = pods;
    await prometheus.show(pod, [targetInfo('other', 'app-v0'), ...openTelemetry({ counts: [50, 50, 50] }, {})]);
    const fromMs = await prometheus.show(pod, [targetInfo('pod-1'), ...openTelemetry({ counts: [60, 60, 60] }, {})]);
    await prometheus.show(pod, [targetInfo('pod-1'), ...openTelemetry({ counts: [61, 61, 61] }, {})]);
    await prometheus.show(pod, [targetInfo('pod-2'), ...openTelemetry({ counts: [62, 62, 62] }, {})]);
    const other = [targetInfo('other', 'app-v0'), ...openTelemetry({ counts: [90, 90, 90] }, {})];
    await prometheus.show(pod, other);
    expect((await measureCandidate(fromMs)).requests).toBe(1 + 62);
  });

  test("counts Istio's sidecars once, and without what is no request of a user", async () => {
    const istio = (counts: ShownCounter['counts'], labels: Record<string, string> = {}): string[] => {
      const own = {
        reporter: 'destination',
        source_workload: 'istio-ingressgateway',
        destination_workload: 'app-v2-deployment',
        destination_workload_namespace: namespace,
        response_code: '200',
        response_flags: '-',
        ...labels,
      };
      const buckets = { '5': counts[0], '10': counts[1], '+Inf': counts[2] };
      return histogramLines({
        family: 'istio_request_duration_milliseconds',
        labels: own,
        buckets,
        sum: counts[2] * 4,
      });
    };
    const shown = (factor: number): string[] => [
      ...istio([2 * factor, 4 * factor, 6 * factor]),
      ...istio([factor, factor, factor], { source_workload: 'activator' }),
      ...istio([factor, factor, factor], { response_code: '503', response_flags: 'UH' }),
      ...istio([factor, factor, factor], { response_code: '0', response_flags: 'DC' }),
      ...istio([90 * factor, 90 * factor, 90 * factor], { source_workload: 'autoscaler' }),
      ...istio([6 * factor, 6 * factor, 6 * factor], { reporter: 'source' }),
      ...istio([7 * factor, 7 * factor, 7 * factor], { destination_workload: 'app-v22-deployment' }),
    ];
    const fromMs = await prometheus.show(pods[0], shown(1));
    await prometheus.show(pods[0], shown(2));
    expect(await measureCandidate(fromMs)).toEqual({
      requests: 9,
      errors5xx: 1,
      errorsNot2xx: 2,
      latencySumMs: 36,
      buckets: latencyBuckets(5, 7, 9),
    });
  });

  test("takes latencies and responses from Kourier's Envoy, which counts them apart", async () => {
    const kourier = (timed: ShownCounter['counts'], responses: readonly [number, number]): string[] => [
      ...histogramLines({
        family: 'envoy_cluster_upstream_rq_time',
        labels: { envoy_cluster_name: `${namespace}/app-v2` },
        buckets: { '5': timed[0], '10': timed[1], '+Inf': timed[2] },
        sum: timed[2] * 4,
      }),
      ...['2', '5'].map((codeClass, index) => {
        const labels = `envoy_response_code_class="${codeClass}",envoy_cluster_name="${namespace}/app-v2"`;
        return `envoy_cluster_upstream_rq_xx{${labels}} ${responses[index]}`;
      }),
    ];
    const fromMs = await prometheus.show(pods[0], kourier([1, 2, 3], [3, 0]));
    await prometheus.show(pods[0], kourier([2, 6, 11], [10, 3]));
    // Two of the ten requests had no answer, and so no latency.
    expect(await measureCandidate(fromMs)).toEqual({
      requests: 10,
      errors5xx: 3,
      errorsNot2xx: 3,
      latencySumMs: 32,
      buckets: latencyBuckets(1, 4, 8),
    });
  });

  test('counts the queue-proxy alone where a gateway counts the same requests', async () => {
    const gateway = (count: number): string => {
      const labels = `envoy_response_code_class="2",envoy_cluster_name="${namespace}/app-v2"`;
      return `envoy_cluster_upstream_rq_xx{${labels}} ${count}`;
    };
    const fromMs = await prometheus.show(pods[0], [...legacy({ counts: [1, 1, 1] }), gateway(1)]);
    await prometheus.show(pods[0], [...legacy({ counts: [2, 3, 5] }), gateway(5)]);
    expect(await measureCandidate(fromMs)).toMatchObject({ requests: 4 });
  });

  test('refuses a revision that has both generations of metrics, naming both', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, []);
    const both = [...legacy({ counts: [1, 1, 1] }), ...openTelemetry({ counts: [1, 1, 1] }, resource())];
    await prometheus.show(pod, both);
    expect(await measureSince(fromMs)).toEqual({
      kind: 'error',
      reason:
        'revision app-v2 has two kinds of request metrics, kn_serving_invocation_duration_seconds and ' +
        'revision_app_request_latencies: keep one of them',
    });
  });
});

describe('measure of metrics that cannot be used', () => {
  test('refuses two series for one value, showing both', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ counts: [1, 1, 1] }));
    await prometheus.show(otherJob, legacy({ counts: [1, 1, 1] }));
    await prometheus.show(pod, legacy({ counts: [2, 2, 2] }));
    const measurement = await measureSince(fromMs);
    expect(measurement).toMatchObject({ kind: 'error' });
    const reason = measurement.kind === 'error' ? measurement.reason : '';
    expect(reason).toMatch(/^two series for one value: revision_app_request_latencies of revision app-v2, pod pod-1, /);
    expect(reason).toContain(
      `{instance="${pod.address}", job="pods", namespace_name="${namespace}", response_code_class="2xx"}`,
    );
    expect(reason).toContain(
      `{instance="${otherJob.address}", job="other", namespace_name="${namespace}", response_code_class="2xx"}`,
    );
  });

  test('goes on counting a pod that has moved to another scrape job', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ counts: [10, 10, 10] }));
    await prometheus.show(pod, []);
    await prometheus.show(otherJob, legacy({ counts: [12, 12, 12] }));
    expect((await measureCandidate(fromMs)).requests).toBe(2);
  });

  test.each([
    { name: 'the count differs from the +Inf bucket', torn: { count: 5 }, why: 'bucket +Inf is 4, count is 5' },
    {
      name: 'buckets fall',
      torn: { buckets: { '5': 3, '10': 2, '+Inf': 4 } },
      why: 'bucket 10 ms is 2, less than the 3 of the bucket below it',
    },
  ])('refuses a histogram while $name in its newest scrape, and skips that scrape later', async ({ torn, why }) => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ counts: [1, 1, 1] }));
    await prometheus.show(pod, histogramLines({ ...legacyHistogram({ counts: [3, 3, 4] }), ...torn }));
    expect(await measureSince(fromMs)).toEqual({
      kind: 'error',
      reason:
        `torn histogram: revision_app_request_latencies of revision app-v2, pod pod-1, code 200: ${why}; ` +
        'the next scrape may be whole',
    });
    await prometheus.show(pod, legacy({ counts: [4, 4, 6] }));
    expect((await measureCandidate(fromMs)).requests).toBe(5);
  });

  test('waits for parts of a scrape that have not shown, and counts them with the next whole one', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, legacy({ counts: [1, 1, 1] }));
    const parts = { ...legacyHistogram({ counts: [3, 3, 4] }), buckets: { '5': 3, '+Inf': 4 } };
    await prometheus.show(pod, histogramLines(parts));
    const measurement = await measureSince(fromMs);
    expect(measurement.kind).not.toBe('error');
    expect(measurement.kind === 'measured' ? measurement.candidates : [noCounts]).toEqual([noCounts]);
    await prometheus.show(pod, legacy({ counts: [4, 4, 6] }));
    expect((await measureCandidate(fromMs)).requests).toBe(5);
  });

  test('refuses pods with different buckets', async () => {
    const [first, second] = pods;
    const fromMs = await prometheus.show(first, []);
    await prometheus.show(second, legacy({ counts: [1, 1, 1] }));
    const others = { ...legacyHistogram({ pod: 'pod-2', counts: [1, 1, 1] }), buckets: { '7': 1, '+Inf': 1 } };
    await prometheus.show(first, histogramLines(others));
    const measurement = await measureSince(fromMs);
    expect(measurement.kind === 'error' && measurement.reason).toMatch(
      /^the pods of revision app-v2 have different buckets: \[.*\] and \[.*\] ms$/,
    );
  });

  test('refuses series without a response code', async () => {
    const [pod] = pods;
    const fromMs = await prometheus.show(pod, []);
    await prometheus.show(pod, openTelemetry({ code: '', counts: [1, 1, 1] }, resource()));
    const measurement = await measureSince(fromMs);
    expect(measurement.kind === 'error' && measurement.reason).toMatch(
      /has no label http_response_status_code with an HTTP status$/,
    );
  });
});

test('is blind while Prometheus is down, and counts nothing before it scrapes again', async () => {
  const [pod] = pods;
  const fromMs = await prometheus.show(pod, legacy({ counts: [10, 10, 10] }));
  await prometheus.outage.stop();
  expect(await measureSince(fromMs)).toEqual({
    kind: 'blind',
    reason: `Prometheus at ${prometheus.url}/api/v1/query: connect ECONNREFUSED ${new URL(prometheus.url).host}`,
  });
  const stoppedAtMs = Date.now();
  pod.show(0, legacy({ counts: [17, 17, 17] }));
  await prometheus.outage.start();
  // It answers from what it has stored, some time before its first scrape.
  const stored = await measureSince(fromMs);
  if (stored.kind === 'measured' && stored.toMs < stoppedAtMs) expect(stored.candidates).toEqual([noCounts]);
  await prometheus.show(pod, legacy({ counts: [21, 21, 21] }));
  expect((await measureCandidate(fromMs)).requests).toBe(11);
});

test('answers in less than 2 KB a version with all of the buckets of Knative', async () => {
  const [pod] = pods;
  const boundaries = [
    5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000, 10000,
    20000, 50000, 100000,
  ];
  const buckets = Object.fromEntries([...boundaries.map(String), '+Inf'].map((le) => [le, 123_456_789]));
  const fromMs = await prometheus.show(pod, []);
  const shown = { ...legacyHistogram({ counts: [0, 0, 0] }), buckets, sum: 123_456_789.123 };
  await prometheus.show(pod, histogramLines(shown));
  const counts = await measureCandidate(fromMs);
  expect(counts.requests).toBe(123_456_789);
  expect(JSON.stringify(counts).length).toBeLessThan(2048);
});
