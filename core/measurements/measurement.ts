import type { TestingPattern } from '../experiment/experiment.ts';
import type { MetricName } from '../experiment/metric.ts';
import type { MetricReading } from '../experiment/metric-definition.ts';

/** One cumulative histogram bucket: `count` requests took at most `le` milliseconds; the last has `le: null` (+Inf). */
export interface Bucket {
  readonly le: number | null;
  readonly count: number;
}

/** What one version answered in a window of time, from raw counters. Additive: windows can be summed. */
export interface Counts {
  readonly requests: number;
  /** Responses of class 5xx. */
  readonly errors5xx: number;
  /** Responses outside class 2xx. */
  readonly errorsNot2xx: number;
  readonly latencySumMs: number;
  /** Cumulative and ascending; empty when there was no request. */
  readonly buckets: readonly Bucket[];
  /** The latest readings of the user-defined metrics. */
  readonly values?: Readonly<Record<MetricName, MetricReading>>;
}

/** What a judged version and the baseline answered in the same period. */
export interface Totals {
  readonly baseline: Counts;
  readonly candidate: Counts;
}

/** What is known of the back end at the time of a measurement. */
export interface Visibility {
  /** The age of the newest sample, by the back end's clock; absent where it has none. */
  readonly lagMs?: number;
  /** The back end's clock less the worker's; 0 where they agree, as far as that can be known. */
  readonly clockMs: number;
}

/**
 * How far the requests have been counted. The next measurement counts all that was answered since `sinceMs` anew, and takes
 * away what had been counted, so that a request is counted once, whenever its sample shows. Times are the back end's.
 */
export interface Checkpoint {
  /** Nothing older is expected to show any more. */
  readonly sinceMs: number;
  /** The newest sample that was seen. */
  readonly seenMs: number;
  /** What has been counted of the time since `sinceMs`, for all versions, the baseline first. */
  readonly counted: readonly Counts[];
  /** The kinds of request metrics that have been counted; absent until there was a request. */
  readonly families?: readonly string[];
}

/** A window of time, (fromMs, toMs], in epoch milliseconds; it ends at the newest sample that was seen. */
interface MeasuredWindow {
  readonly kind: 'measured';
  readonly fromMs: number;
  readonly toMs: number;
}

/** Why there are no metrics. */
export type NotMeasured =
  /** The back end did not answer: nothing is known about the versions. */
  | { readonly kind: 'blind'; readonly reason: string; readonly visibility?: Visibility }
  /** The back end answered, but its answer cannot be used (two series for one value, torn histogram). */
  | { readonly kind: 'error'; readonly reason: string };

/** The metrics of all versions in one interval, or why there are none. */
export type RunMeasurement =
  | (MeasuredWindow & {
      readonly baseline: Counts;
      /** In the order of the experiment's candidates. */
      readonly candidates: readonly Counts[];
      /** What the back end was asked, and how much it answered; the answers themselves are not kept. */
      readonly asked?: readonly Question[];
      /** Where the next measurement goes on; absent where no back end was read. */
      readonly checkpoint?: Checkpoint;
      readonly visibility?: Visibility;
    })
  | NotMeasured;

/** The metrics of one judged version beside the baseline's. */
export type Measurement = (MeasuredWindow & { readonly baseline: Counts; readonly candidate: Counts }) | NotMeasured;

/** A query to the metrics back end, as it was sent, and the size of its answer. */
export interface Question {
  readonly query: string;
  readonly atMs: number;
  readonly series: number;
  readonly samples: number;
}

/**
 * The measurement that one judged version is judged by, beside the baseline; in a conformance test the baseline takes
 * the place of the candidate, with no counts beside it.
 */
export function versionMeasurement(
  measurement: RunMeasurement,
  { testingPattern, index }: { readonly testingPattern: TestingPattern; readonly index: number },
): Measurement {
  if (measurement.kind !== 'measured') return measurement;
  const { kind, fromMs, toMs, baseline, candidates } = measurement;
  const isAlone = testingPattern === 'Conformance';
  const candidate = (isAlone ? baseline : candidates[index]) ?? noCounts;
  return { kind, fromMs, toMs, baseline: isAlone ? noCounts : baseline, candidate };
}

/** The counts of a version without a request; the neutral element of `addCounts`. */
export const noCounts: Counts = { requests: 0, errors5xx: 0, errorsNot2xx: 0, latencySumMs: 0, buckets: [] };
