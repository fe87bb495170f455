import type { MetricName, Objective } from './experiment.ts';

/** `error` = could not be measured; `fail` = measured and bad; `undecided` = too little evidence. */
export type Verdict = 'pass' | 'fail' | 'undecided' | 'error';

/** A metric's point value for each version since the candidate first had traffic; absent without data. */
export interface MetricValue {
  readonly metric: MetricName;
  readonly baseline?: number;
  readonly candidate?: number;
}

export interface ObjectiveAssessment {
  readonly objective: Objective;
  readonly baseline: Verdict;
  readonly candidate: Verdict;
  /** The candidate's comparison, with its numbers: `error-rate 0.031 > limit 0.010, 4120 requests`. */
  readonly reason: string;
  /** The candidate's estimate is beyond the limit by more than the tolerance, whatever the sample size. */
  readonly suspect: boolean;
}

/** All verdicts of an iteration. */
export interface Assessment {
  readonly objectives: readonly ObjectiveAssessment[];
  readonly metrics: readonly MetricValue[];
  /** Requests that the verdicts rest on, for each version. */
  readonly samples: { readonly baseline: number; readonly candidate: number };
}
