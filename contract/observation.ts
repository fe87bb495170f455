import type { Calendar, Closure } from '../core/experiment/calendar.ts';
import type { ObjectName, Version } from '../core/experiment/experiment.ts';
import type { MetricDefinitions } from '../core/experiment/metric.ts';
import type { Checkpoint, Counts, RunMeasurement } from '../core/measurements/measurement.ts';
import type { ExpectedTarget } from '../core/traffic/drift.ts';
import type { TargetObservation } from '../core/traffic/target.ts';
import type { InNamespace } from './in-namespace.ts';
import type { JudgeAllInput, Judgements } from '../core/planner/judge-all.ts';

/** A version as the queries of user-defined metrics know it. */
export type MetricVersion = Pick<Version, 'name' | 'variables'>;

/** User-defined metrics, and what fills in the placeholders of their queries. */
export interface DefinedMetrics {
  readonly metrics: MetricDefinitions;
  /** The baseline first. */
  readonly versions: readonly MetricVersion[];
  /** The start of the period that the queries cover, epoch ms. */
  readonly sinceMs: number;
}

/** How the run has left its target: the latest write, which the cluster has confirmed. */
export interface ExpectedState extends Pick<ExpectedTarget, 'firstRunId' | 'shares'> {
  /** The `serin.dev/plan` annotation. */
  readonly plan: string;
}

/** What to measure of a target in one interval. */
export interface QueryMetricsInput extends InNamespace {
  readonly target: ObjectName;
  /** The revisions of all versions, the baseline first. */
  readonly revisions: readonly string[];
  /** Absent where nothing is known of the target: then it is read anew. */
  readonly expected?: ExpectedState;
  /** The end of the last measured window, where this one begins; epoch ms. */
  readonly fromMs: number;
  /** How far the requests have been counted; absent in the first interval. */
  readonly checkpoint?: Checkpoint;
  /** The time at which the workflow asks, by the clock that `fromMs` has. */
  readonly askedAtMs?: number;
  /** The index of the candidate that has been promoted, and is watched. */
  readonly promoted?: number;
  /** The manifest's own; the namespace may have one too. */
  readonly calendar?: Calendar;
  /** Absent where the built-in metrics suffice. */
  readonly defined?: DefinedMetrics;
  /**
   * What the experiment's own load tasks have counted since the last observation, for all versions, the baseline
   * first; if present, no back end is asked for the built-in metrics.
   */
  readonly counted?: readonly Counts[];
}

/** Metrics and target, read by one activity so that both describe the same time. `atMs` is epoch ms. */
export interface Observation {
  readonly atMs: number;
  readonly measurement: RunMeasurement;
  readonly target: TargetObservation;
  /** Present while a calendar allows no advance. */
  readonly closed?: Closure;
  /** The index of the candidate that has been promoted, and is watched. */
  readonly promoted?: number;
}

/** All that needs floating point is computed in an activity, so that a replay reads the recorded result. */
export type ComputeWeightsInput = JudgeAllInput;
export type ComputeWeightsResult = Judgements;

/** What to watch between two iterations, and until when. */
export interface GuardInput {
  readonly query: QueryMetricsInput;
  /** What was known at the beginning of the interval. */
  readonly judge: Omit<JudgeAllInput, 'measurement'>;
  /** The time between two looks, ms; a longer scrape interval counts instead. */
  readonly everyMs: number;
  /** The next iteration is due then, epoch ms. */
  readonly untilMs: number;
}

export interface GuardResult {
  /** Whether a candidate fails: then the interval is judged at once. */
  readonly isFailing: boolean;
}
