import type { Experiment, Reward } from '../experiment/experiment.ts';
import type { Counts, Totals } from '../measurements/measurement.ts';
import { metricValue } from '../measurements/metric-value.ts';

/** The reward of a version, in the metric's unit; undefined without data. */
export function rewardValue(
  { metric }: Reward,
  counts: Counts,
  { errorClass }: Pick<Experiment, 'errorClass'>,
): number | undefined {
  return metricValue(metric, counts, errorClass);
}

/** How much better the candidate was in an interval, in the metric's unit; undefined where one of them has no value. */
export function rewardGain(
  reward: Reward,
  interval: Totals,
  experiment: Pick<Experiment, 'errorClass'>,
): number | undefined {
  const baseline = rewardValue(reward, interval.baseline, experiment);
  const candidate = rewardValue(reward, interval.candidate, experiment);
  if (baseline === undefined || candidate === undefined) return undefined;
  return isPreferred(reward, candidate, baseline) ? Math.abs(candidate - baseline) : -Math.abs(candidate - baseline);
}

/** Whether the reward prefers the first value to the second; false where they are equal. */
export function isPreferred({ preferredDirection }: Reward, one: number, other: number): boolean {
  return preferredDirection === 'High' ? one > other : one < other;
}
