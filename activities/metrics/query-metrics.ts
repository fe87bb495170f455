import { noCounts } from '../../core/measurements/measurement.ts';
import type { Counts, RunMeasurement } from '../../core/measurements/measurement.ts';
import type { TargetObservation } from '../../core/traffic/target.ts';
import type { Observation, QueryMetricsInput } from '../../contract/observation.ts';
import type { MetricBackEnds } from '../../metrics/providers/provider.ts';
import { withDefinedMetrics } from './defined-metrics.ts';
import { measure } from '../../metrics/prometheus/measure.ts';

/** What the activity needs from its worker. */
export interface QueryMetricsDependencies {
  readonly prometheusUrl: string;
  readonly scrapeIntervalMs: number;
  /** The Knative Service and all versions' revisions as the cluster reports them now; an unreachable cluster is data. */
  readonly observeTarget: (input: QueryMetricsInput, signal: AbortSignal) => Promise<TargetObservation>;
  /** Where user-defined metrics are read from. */
  readonly backEndsOf: (input: QueryMetricsInput) => MetricBackEnds;
  /** The cancellation of the running activity. */
  readonly cancellationSignal: () => AbortSignal;
}

/** Creates the activity that observes metrics and target at the same time. */
export function createQueryMetrics(dependencies: QueryMetricsDependencies) {
  const { prometheusUrl: baseUrl, scrapeIntervalMs, observeTarget, backEndsOf, cancellationSignal } = dependencies;

  async function queryMetrics(input: QueryMetricsInput): Promise<Observation> {
    const nowMs = Date.now();
    const signal = cancellationSignal();
    const [measurement, target] = await Promise.all([
      measureAll(input, { nowMs, signal }),
      observeTarget(input, signal),
    ]);
    return { atMs: nowMs, measurement, target };
  }

  async function measureAll(
    input: QueryMetricsInput,
    { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
  ): Promise<RunMeasurement> {
    const { counted, defined } = input;
    const measured =
      counted === undefined
        ? await measure({ ...input, baseUrl, scrapeIntervalMs, nowMs, signal })
        : ofLoad(counted, { fromMs: input.fromMs, toMs: nowMs });
    return defined === undefined
      ? measured
      : withDefinedMetrics(measured, defined, { backEnds: backEndsOf(input), nowMs, signal });
  }

  return { queryMetrics };
}

/** The measurement of an interval of the experiment's own load: what the load counted. */
function ofLoad(
  [baseline = noCounts, ...candidates]: readonly Counts[],
  window: { readonly fromMs: number; readonly toMs: number },
): RunMeasurement {
  return { kind: 'measured', ...window, baseline, candidates };
}
