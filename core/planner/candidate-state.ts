import type { Assessment } from '../verdicts/assessment.ts';
import type { Evidence } from '../verdicts/evidence.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Totals } from '../measurements/measurement.ts';
import type { RewardComparison } from '../verdicts/compare-reward.ts';

/** The state of one judged version in a run: its weight, the evidence about it, and what is wrong with it. */
export interface CandidateState {
  /** Percent of the target's traffic. */
  readonly weight: number;
  /** What the version and the baseline answered since it first had traffic. */
  readonly totals: Totals;
  readonly assessment?: Assessment;
  /** The evidence about both, under the `sequential` method. */
  readonly evidence?: Evidence;
  /** Present in A/B and A/B/N tests only. */
  readonly reward?: RewardComparison;
  readonly suspect: boolean;
  readonly unreadySinceMs?: number;
  /** Since when the version has had no request, although it has a share of the traffic. */
  readonly starvedSinceMs?: number;
  /** Since when the version and the baseline fail together. */
  readonly environmentSinceMs?: number;
  /** Why the version was eliminated, while others are still judged. */
  readonly eliminated?: string;
}

/** The state of a version that has not been observed yet; weight in percent. */
export function initialCandidateState(weight = 0): CandidateState {
  return { weight, totals: { baseline: noCounts, candidate: noCounts }, suspect: false };
}

/** Whether a version has not been eliminated. */
export function isStillJudged({ eliminated }: Pick<CandidateState, 'eliminated'>): boolean {
  return eliminated === undefined;
}

/** The versions' weights, percent. */
export function currentWeights(candidates: readonly CandidateState[]): readonly number[] {
  return candidates.map(({ weight }) => weight);
}
