import type { Assessment, ObjectiveAssessment, OverallVerdict } from './assessment.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { isFact, metricFacts } from '../experiment/metric.ts';
import type { Measurement } from '../measurements/measurement.ts';
import { judgeByThreshold } from './threshold.ts';

/**
 * The verdict on an interval in which the baseline breaks each limit that the candidate fails, under `threshold` where the manifest asks for
 * it; undefined in any other. The baseline is judged by the values of the interval alone, however few they rest on: what is over
 * excuses nothing. Counts and ratios to the baseline are never excused.
 */
export function judgeCommonOutage(
  experiment: Experiment,
  { objectives }: Assessment,
  measurement: Measurement,
): OverallVerdict | undefined {
  const { method, commonOutage } = experiment.analysis;
  if (method !== 'threshold' || commonOutage !== 'hold' || measurement.kind !== 'measured') return undefined;
  const failed = objectives.filter(({ candidate }) => candidate === 'fail');
  const isShared = ({ objective }: ObjectiveAssessment): boolean => {
    if (objective.maxRatioToBaseline !== undefined || isFact(metricFacts(objective.metric, experiment.metrics)))
      return false;
    return judgeByThreshold(objective, measurement.baseline, { ...experiment, minSamples: 1 }).verdict === 'fail';
  };
  if (failed.length === 0 || !failed.every(isShared)) return undefined;
  const reasons = failed.map(({ reason }) => reason).join('; ');
  return { verdict: 'environment', reason: `baseline and candidate fail together: ${reasons}` };
}
