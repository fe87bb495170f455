import { formatPair } from '../measurements/comparison.ts';
import type { Evidence } from './evidence.ts';
import type { Experiment, Reward } from '../experiment/experiment.ts';
import type { Totals } from '../measurements/measurement.ts';
import { ownSampleSize, sampleCount } from '../measurements/sample-size.ts';
import { hasEnoughSamples } from './threshold.ts';
import { formatOdds } from './format-odds.ts';
import { isPreferred, rewardValue } from './reward.ts';
import { sequentialT } from '../stats/sequential-t.ts';

/** A candidate's reward beside the baseline's; values are those since it first had traffic. */
export interface RewardComparison {
  readonly baseline?: number;
  readonly candidate?: number;
  readonly verdict: 'better' | 'worse' | 'undecided';
  readonly reason: string;
}

interface ComparisonInput {
  readonly experiment: Experiment;
  readonly totals: Totals;
  readonly evidence?: Evidence;
}

/**
 * Compares a candidate with the baseline by the experiment's reward; undefined where it has none.
 *
 * `threshold` compares the values as they are, from `minSamples` requests of both on. `sequential` tests the differences of the
 * intervals by the bound of a false pass, which the candidates share (`withBoundsPerCandidate`).
 */
export function compareReward({ experiment, totals, evidence }: ComparisonInput): RewardComparison | undefined {
  const { reward } = experiment;
  if (reward === undefined) return undefined;
  const baseline = rewardValue(reward, totals.baseline, experiment);
  const candidate = rewardValue(reward, totals.candidate, experiment);
  if (baseline === undefined || candidate === undefined) {
    return { verdict: 'undecided', reason: `${reward.metric} has no value yet` };
  }
  const values = { baseline, candidate };
  const [shown, beside] = formatPair(reward.metric, [candidate, baseline]);
  const comparison = `${shown} against ${beside} of the baseline`;
  const judged =
    experiment.analysis.method === 'sequential'
      ? bySequentialTest(experiment, evidence)
      : byValue(reward, { ...values, experiment, totals });
  return { ...values, verdict: judged.verdict, reason: `${reward.metric} ${comparison}${judged.detail}` };
}

interface Judged {
  readonly verdict: RewardComparison['verdict'];
  readonly detail: string;
}

interface Values extends Required<Pick<RewardComparison, 'baseline' | 'candidate'>> {
  readonly experiment: Experiment;
  readonly totals: Totals;
}

function byValue(reward: Reward, { baseline, candidate, experiment, totals }: Values): Judged {
  const [ofBaseline, ofCandidate] = [totals.baseline, totals.candidate].map((counts) =>
    sampleCount(reward.metric, counts, experiment),
  );
  const fewest = Math.min(ofBaseline ?? 0, ofCandidate ?? 0);
  if (!hasEnoughSamples(fewest, experiment.minSamples)) {
    const unit = ownSampleSize(reward.metric, experiment) === undefined ? 'requests' : 'samples';
    return { verdict: 'undecided', detail: `; ${fewest} of ${experiment.minSamples} ${unit}` };
  }
  if (candidate === baseline) return { verdict: 'undecided', detail: '; equal' };
  const verdict = isPreferred(reward, candidate, baseline) ? 'better' : 'worse';
  return { verdict, detail: `, ${verdict}: ${reward.preferredDirection.toLowerCase()} is preferred` };
}

function bySequentialTest(experiment: Experiment, evidence: Evidence | undefined): Judged {
  const needed = -Math.log(experiment.analysis.falsePass);
  const gains = evidence?.gains;
  // The test's pass is a mean below 0.
  const { logPass: worse, logFail: better } = gains === undefined ? { logPass: 0, logFail: 0 } : sequentialT(gains);
  const odds = `evidence ${formatOdds(Math.max(better, worse))} of ${formatOdds(needed)}`;
  if (better >= needed) return { verdict: 'better', detail: `, better: ${odds}` };
  if (worse >= needed) return { verdict: 'worse', detail: `, worse: ${odds}` };
  return { verdict: 'undecided', detail: `; ${odds}` };
}
