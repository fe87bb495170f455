import type { TargetObservation } from '../../core/target.ts';
import type { Observation, QueryMetricsInput } from '../../workflows/contract.ts';
import type { MetricBackEnds } from './custom/read-metric.ts';
import { withDefinedMetrics } from './defined-metrics.ts';
import { measure } from './measure.ts';

/** What the activity needs from its worker. */
export interface QueryMetricsDependencies {
  readonly prometheusUrl: string;
  readonly scrapeIntervalMs: number;
  /** The Knative Service and both revisions as the cluster reports them now; an unreachable cluster is data. */
  readonly observeTarget: (input: QueryMetricsInput, signal: AbortSignal) => Promise<TargetObservation>;
  /** Where user-defined metrics are read from. */
  readonly backEnds: MetricBackEnds;
  /** The cancellation of the running activity. */
  readonly cancellationSignal: () => AbortSignal;
}

/** Makes the activity that looks at metrics and target at the same moment. */
export function createQueryMetrics(dependencies: QueryMetricsDependencies) {
  const { prometheusUrl: baseUrl, scrapeIntervalMs, observeTarget, backEnds, cancellationSignal } = dependencies;

  async function queryMetrics(input: QueryMetricsInput): Promise<Observation> {
    const nowMs = Date.now();
    const signal = cancellationSignal();
    const { defined } = input;
    const [measurement, target] = await Promise.all([
      measure({ ...input, baseUrl, scrapeIntervalMs, nowMs, signal }).then((measured) =>
        defined === undefined ? measured : withDefinedMetrics(measured, defined, { backEnds, nowMs, signal }),
      ),
      observeTarget(input, signal),
    ]);
    return { atMs: nowMs, measurement, target };
  }

  return { queryMetrics };
}
