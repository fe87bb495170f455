import type { ObjectName, Version } from '../core/experiment/experiment.ts';
import type { MetricDefinitions } from '../core/experiment/metric.ts';
import type { Counts, RunMeasurement } from '../core/measurements/measurement.ts';
import type { TargetObservation } from '../core/traffic/target.ts';
import type { JudgeAllInput, Judgements } from '../core/planner/judge-all.ts';

/** A version as the queries of user-defined metrics know it. */
export type MetricVersion = Pick<Version, 'name' | 'variables'>;

/** User-defined metrics, and what their queries are filled in with. */
export interface DefinedMetrics {
  readonly metrics: MetricDefinitions;
  /** The baseline first. */
  readonly versions: readonly MetricVersion[];
  /** When the time began that the queries ask for: epoch ms. */
  readonly sinceMs: number;
}

export interface QueryMetricsInput {
  readonly target: ObjectName;
  /** Of all versions, the baseline first. */
  readonly revisions: readonly string[];
  /** End of the last measured window: this window begins there. Epoch ms. */
  readonly fromMs: number;
  /** Absent where the built-in metrics suffice. */
  readonly defined?: DefinedMetrics;
  /** What the experiment's own load has counted since the last look, for all versions; then no back end is asked for it. */
  readonly counted?: readonly Counts[];
}

/** Metrics and target in one look, so that both are of the same moment. */
export interface Observation {
  readonly atMs: number;
  readonly measurement: RunMeasurement;
  readonly target: TargetObservation;
}

/** Everything that needs floating point, recorded in history. */
export type ComputeWeightsInput = JudgeAllInput;
export type ComputeWeightsResult = Judgements;
