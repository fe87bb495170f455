import type { Assessment } from '../verdicts/assessment.ts';
import type { Evidence } from '../verdicts/evidence.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Totals } from '../measurements/measurement.ts';
import type { RewardComparison } from '../verdicts/compare-reward.ts';

/** How one judged version stands in a run: what it gets, what it has shown, what is wrong with it. */
export interface CandidateState {
  /** Percent of the target's traffic. */
  readonly weight: number;
  /** What it and the baseline answered since it first had traffic. */
  readonly totals: Totals;
  readonly assessment?: Assessment;
  /** What both have shown, under the method with error bounds. */
  readonly evidence?: Evidence;
  /** Of A/B tests. */
  readonly reward?: RewardComparison;
  readonly suspect: boolean;
  readonly unreadySinceMs?: number;
  /** Since when it has had no request, although it has a share of the traffic. */
  readonly starvedSinceMs?: number;
  /** Since when it and the baseline fail together. */
  readonly environmentSinceMs?: number;
  /** Why it is out of the race, while others go on. */
  readonly eliminated?: string;
}

export function initialCandidateState(weight = 0): CandidateState {
  return { weight, totals: { baseline: noCounts, candidate: noCounts }, suspect: false };
}

export function isStillJudged({ eliminated }: Pick<CandidateState, 'eliminated'>): boolean {
  return eliminated === undefined;
}

export function currentWeights(candidates: readonly CandidateState[]): readonly number[] {
  return candidates.map(({ weight }) => weight);
}
