import { expect } from 'vitest';
import type { PrometheusServer } from './prometheus-server.ts';

export interface PushedHistogram {
  readonly code: number;
  /** Requests of at most 5 ms, at most 70 ms or the boundary of the push, and slower ones; each bucket by itself, since the start. */
  readonly bucketCounts: readonly [number, number, number];
  /** Seconds. */
  readonly sum: number;
}

/** Pushes what a queue-proxy of the revision exports at a time, epoch ms. */
export async function pushHistograms(
  { url }: PrometheusServer,
  {
    revision,
    atMs,
    histograms,
    boundary = 0.07,
    pod = `${revision}-pod`,
    labels = {},
  }: {
    revision: string;
    atMs: number;
    histograms: readonly PushedHistogram[];
    boundary?: number;
    pod?: string;
    labels?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const dataPoints = histograms.map(({ code, bucketCounts, sum }) => ({
    attributes: [{ key: 'http.response.status_code', value: { intValue: String(code) } }],
    timeUnixNano: `${atMs}000000`,
    count: bucketCounts.reduce((total, count) => total + count, 0),
    sum,
    bucketCounts,
    explicitBounds: [0.005, boundary],
  }));
  const histogram = { aggregationTemporality: 2, dataPoints };
  const metrics = [{ name: 'kn.serving.invocation.duration', unit: 's', histogram }];
  const scopeMetrics = [{ scope: { name: 'knative.dev/serving/pkg/queue' }, metrics }];
  const resource = { attributes: resourceAttributes({ revision, pod, labels }) };
  const body = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics }] });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/otlp/v1/metrics`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

function resourceAttributes({
  revision,
  pod,
  labels,
}: {
  readonly revision: string;
  readonly pod: string;
  readonly labels: Readonly<Record<string, string>>;
}): readonly object[] {
  const attributes = {
    'service.name': 'app',
    'service.instance.id': pod,
    'k8s.namespace.name': 'default',
    'k8s.pod.name': pod,
    'kn.revision.name': revision,
    ...labels,
  };
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** The resource attributes that must become labels, so that series carry their identity. */
export const identityAttributes = ['k8s.namespace.name', 'kn.revision.name', 'k8s.pod.name'];
