import type { RewardComparison } from './compare-reward.ts';
import type { Assessment } from './assessment.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { isPreferred } from './reward.ts';
import { judgedVersions } from '../experiment/versions.ts';

/** The version that is best by the reward at present. */
export type Leader =
  | { readonly kind: 'candidate'; readonly index: number; readonly name: string; readonly reason: string }
  | { readonly kind: 'baseline'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

/** A judged version, as far as its rank depends on it. */
export interface RankedVersion {
  readonly assessment: Assessment;
  readonly reward?: RewardComparison;
}

/**
 * The version with the best reward among those whose objectives do not fail: a candidate that is better than the baseline, the best
 * of several; the baseline when all of them are worse. Without a reward no version leads.
 *
 * @param versions one for each judged version; null for those that were eliminated.
 */
export function findLeader(experiment: Experiment, versions: readonly (RankedVersion | null)[]): Leader {
  const { reward } = experiment;
  const feasible = versions.flatMap((version, index) =>
    version?.reward === undefined || fails(version.assessment) ? [] : [{ index, reward: version.reward }],
  );
  if (reward === undefined || feasible.length === 0)
    return { kind: 'none', reason: 'no version has a reward to compare' };
  const better = feasible.filter((one) => one.reward.verdict === 'better');
  const best = better.toSorted((a, b) => (isBetter(a, b) ? -1 : 1))[0];
  if (best !== undefined) {
    const name = judgedVersions(experiment)[best.index]?.name ?? '';
    return { kind: 'candidate', index: best.index, name, reason: best.reward.reason };
  }
  const reason = feasible.map((one) => one.reward.reason).join('; ');
  return feasible.every((one) => one.reward.verdict === 'worse')
    ? { kind: 'baseline', reason }
    : { kind: 'none', reason };

  function isBetter(a: (typeof feasible)[number], b: (typeof feasible)[number]): boolean {
    const [one, other] = [a.reward.candidate, b.reward.candidate];
    return reward !== undefined && one !== undefined && other !== undefined && isPreferred(reward, one, other);
  }
}

/** Whether the candidate has failed for certain, by one objective or by all of them together. */
export function fails({ overall, objectives }: Assessment): boolean {
  return overall?.verdict === 'fail' || objectives.some(({ candidate }) => candidate === 'fail');
}
