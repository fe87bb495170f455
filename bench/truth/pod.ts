import { setTimeout as delay } from 'node:timers/promises';
import type { RequestRecorder } from '../../sandbox/metrics/recorder.ts';

const podName = 'app-v2-1';
const pauseMs = 20;
/** Eight buckets for each doubling. */
const scale = 3;

/** What a pod has answered with one status, in buckets that have no fixed boundaries. */
interface Exponential {
  count: number;
  sum: number;
  readonly buckets: Map<number, number>;
}

export interface PodOptions {
  readonly recorder: RequestRecorder;
  /** A store to which the requests are pushed as exponential histograms. */
  readonly receiverUrl: string;
  readonly trafficMs: number;
  readonly pushEveryMs: number;
}

/** Answers requests for a while, by a pod that begins now; their number. */
export async function answerRequests({ recorder, receiverUrl, trafficMs, pushEveryMs }: PodOptions): Promise<number> {
  const pod = { namespace: 'default', service: 'app', configuration: 'app', revision: 'app-v2', pod: podName };
  recorder.add(pod);
  const byCode = new Map<number, Exponential>();
  const untilMs = Date.now() + trafficMs;
  let pushedMs = 0;
  let count = 0;
  for (; Date.now() < untilMs; count += 1) {
    const [code, ms] = [count % 50 === 0 ? 500 : 200, count % 30];
    recorder.record(pod, code, ms);
    record(byCode, code, ms / 1000);
    if (Date.now() > pushedMs + pushEveryMs) {
      pushedMs = Date.now();
      await push(receiverUrl, byCode, pushedMs);
    }
    await delay(pauseMs);
  }
  await push(receiverUrl, byCode, Date.now());
  return count;
}

function record(byCode: Map<number, Exponential>, code: number, seconds: number): void {
  const histogram = byCode.get(code) ?? { count: 0, sum: 0, buckets: new Map<number, number>() };
  byCode.set(code, histogram);
  histogram.count += 1;
  histogram.sum += seconds;
  if (seconds === 0) return;
  const index = Math.ceil(Math.log2(seconds) * 2 ** scale) - 1;
  histogram.buckets.set(index, (histogram.buckets.get(index) ?? 0) + 1);
}

async function push(url: string, byCode: ReadonlyMap<number, Exponential>, atMs: number): Promise<void> {
  const dataPoints = [...byCode].map(([code, { count, sum, buckets }]) => {
    const offset = Math.min(0, ...buckets.keys());
    const length = Math.max(offset, ...buckets.keys()) - offset + 1;
    const bucketCounts = Array.from({ length }, (_, index) => buckets.get(offset + index) ?? 0);
    const positives = bucketCounts.reduce((total, one) => total + one, 0);
    return {
      attributes: [{ key: 'http.response.status_code', value: { intValue: String(code) } }],
      timeUnixNano: `${atMs}000000`,
      count,
      sum,
      scale,
      zeroCount: count - positives,
      positive: { offset, bucketCounts },
    };
  });
  const metrics = [
    {
      name: 'kn.serving.invocation.duration',
      unit: 's',
      exponentialHistogram: { aggregationTemporality: 2, dataPoints },
    },
  ];
  const attributes = {
    'service.name': 'app',
    'service.instance.id': podName,
    'k8s.namespace.name': 'default',
    'k8s.pod.name': podName,
    'kn.revision.name': 'app-v2',
  };
  const resource = {
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  };
  const body = JSON.stringify({
    resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'knative.dev/serving/pkg/queue' }, metrics }] }],
  });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/otlp/v1/metrics`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
}
