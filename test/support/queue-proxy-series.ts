import type { ScriptedSeries } from './scripted-store.ts';

/** The counters of one pod and one response code of a legacy queue-proxy. */
export interface PodSeries {
  readonly revision?: string;
  readonly pod?: string;
  readonly code?: string;
  /** All requests, by the time of their scrape; none took more than 10 ms. */
  readonly counts: readonly (readonly [atMs: number, requests: number])[];
  /** When the series are marked as ended; without it, they only grow old. */
  readonly endedMs?: number;
  /** Further labels. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The series that a Prometheus has of a pod, in the namespace `shop`. */
export function queueProxySeries({
  revision = 'app-v2',
  pod = 'pod-1',
  code = '200',
  counts,
  endedMs,
  labels,
}: PodSeries): ScriptedSeries[] {
  const own = {
    namespace_name: 'shop',
    revision_name: revision,
    pod_name: pod,
    response_code: code,
    instance: `${pod}:9091`,
    job: 'pods',
    ...labels,
  };
  const part = (suffix: string, more: Readonly<Record<string, string>> = {}, factor = 1): ScriptedSeries => ({
    labels: { __name__: `revision_app_request_latencies_${suffix}`, ...own, ...more },
    samples: counts.map(([atMs, requests]) => [atMs, requests * factor]),
    ...(endedMs === undefined ? {} : { ended: { atMs: endedMs, shownMs: endedMs } }),
  });
  return [
    part('bucket', { le: '5' }, 0),
    part('bucket', { le: '10' }),
    part('bucket', { le: '+Inf' }),
    part('sum', {}, 8),
    part('count'),
  ];
}
