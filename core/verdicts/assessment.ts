import type { Objective } from '../experiment/experiment.ts';
import type { MetricName } from '../experiment/metric.ts';

/** `error` = could not be measured; `fail` = measured and bad; `undecided` = too little evidence. */
export type Verdict = 'pass' | 'fail' | 'undecided' | 'error';

/** A metric's point value for each version since the candidate first had traffic; absent without data. */
export interface MetricValue {
  readonly metric: MetricName;
  readonly baseline?: number;
  readonly candidate?: number;
}

/** The verdicts of both versions on one objective. */
export interface ObjectiveAssessment {
  readonly objective: Objective;
  readonly baseline: Verdict;
  readonly candidate: Verdict;
  /** The candidate's comparison, with its numbers: `error-rate 0.031 > limit 0.010, 4120 requests`. */
  readonly reason: string;
  /** Whether the candidate's point values keep both limits, whatever the sample size. */
  readonly isWithinLimits?: boolean;
  /** The evidence about the candidate, under the `sequential` method. */
  readonly evidence?: EvidenceReport;
  /** Whether the candidate's estimate is beyond the limit by more than the tolerance, whatever the sample size. */
  readonly suspect: boolean;
}

/** The evidence about the candidate; logs are natural. */
export interface EvidenceReport {
  /** Log e-value against "worse than limit and tolerance": a pass needs −ln α. */
  readonly logPass: number;
  /** Log e-value against "within the limit": the mean over the objectives needs −ln β. */
  readonly logFail: number;
  readonly passed: boolean;
  /** Bounds on the share of bad requests, which hold at every observation. */
  readonly interval?: { readonly lower: number; readonly upper: number };
  /** Requests that a pass still needs if the estimate is the truth; absent where it never comes. */
  readonly requestsToPass?: number;
}

/**
 * Why a candidate that fails is not blamed: all that it fails the baseline fails too, or it is not yet shown to be worse than the
 * baseline.
 */
export type Excuse = 'environment' | 'suspect';

/** The verdict over all objectives. */
export interface OverallVerdict {
  readonly verdict: 'pass' | 'fail' | 'undecided' | Excuse;
  readonly reason: string;
}

/** All verdicts of an iteration. */
export interface Assessment {
  readonly objectives: readonly ObjectiveAssessment[];
  readonly metrics: readonly MetricValue[];
  /** Requests that the verdicts rest on, for each version. */
  readonly samples: { readonly baseline: number; readonly candidate: number };
  /** Under the `threshold` method present in a common outage only. */
  readonly overall?: OverallVerdict;
}

/** Why the candidate, which fails, is not blamed; undefined where it does not fail, or is. */
export function findExcuse(assessment: Assessment | undefined): Excuse | undefined {
  const verdict = assessment?.overall?.verdict;
  return verdict === 'environment' || verdict === 'suspect' ? verdict : undefined;
}
