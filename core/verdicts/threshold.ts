import type { Verdict } from './assessment.ts';
import { formatComparison, formatMetric } from '../measurements/comparison.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import type { Counts } from '../measurements/measurement.ts';
import { builtInMetric, isFact, metricFacts } from '../experiment/metric.ts';
import { metricValue } from '../measurements/metric-value.ts';
import { ownSampleSize, sampleCount } from '../measurements/sample-size.ts';
import { isBeyondLastBoundary } from '../measurements/quantile.ts';

/** The settings of an experiment that a judgement depends on. */
export type JudgementSettings = Pick<Experiment, 'minSamples' | 'tolerance' | 'errorClass' | 'metrics'>;

/** What the baseline answered in the same time, for limits that are relative to it. */
interface Beside extends JudgementSettings {
  readonly beside?: Counts;
}

/** One version against one objective; the reason holds the numbers as they were compared. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly suspect: boolean;
}

/**
 * The `threshold` method: the point value of the whole period against inclusive limits.
 *
 * A counter below its lower limit is undecided, since it can still grow beyond it. A value that the requests do not
 * yield is an `error`; a user's metric without a value is undecided. A limit that is relative to the baseline is undecided while
 * the baseline has no value; where it is the only upper limit, exceeding a baseline of 0 is undecided too.
 */
export function judgeByThreshold(given: Objective, counts: Counts, settings: Beside): Judgement {
  const objective = absoluteObjective(given, settings);
  if (typeof objective === 'string') return { verdict: 'undecided', reason: objective, suspect: false };
  const samples = sampleCount(objective.metric, counts, settings);
  const unit = ownSampleSize(objective.metric, settings) === undefined ? 'requests' : 'samples';
  const suspicion = suspect(objective, counts, settings);
  if (!hasEnoughSamples(samples, settings.minSamples)) {
    const progress = `${samples} of ${settings.minSamples} ${unit}`;
    const reason = suspicion === undefined ? progress : `${progress}, suspect: ${suspicion}`;
    return { verdict: 'undecided', reason, suspect: suspicion !== undefined };
  }
  const { verdict, reason } = compare(objective, counts, settings);
  const isUnknowable = verdict === 'fail' && isZeroOfBaseline(given, settings);
  const shown = isUnknowable ? `${reason}, but the baseline has none to compare with` : reason;
  const isSuspect = suspicion !== undefined && !isUnknowable;
  return { verdict: isUnknowable ? 'undecided' : verdict, reason: `${shown}, ${samples} ${unit}`, suspect: isSuspect };
}

/** The objective with its ratio to the baseline turned into an upper limit, or a text that says why there is none. */
function absoluteObjective({ maxRatioToBaseline, ...objective }: Objective, settings: Beside): Objective | string {
  if (maxRatioToBaseline === undefined) return objective;
  const { metric, upperLimit = Infinity } = objective;
  const { beside } = settings;
  const value = beside === undefined ? undefined : metricValue(metric, beside, settings.errorClass);
  if (value === undefined) return `${metric} of the baseline has no value to compare with`;
  return { ...objective, upperLimit: Math.min(upperLimit, maxRatioToBaseline * value) };
}

/** Whether only a ratio to a baseline of 0 limits the value: one error is infinitely more than none, and says nothing. */
function isZeroOfBaseline(
  { metric, maxRatioToBaseline, upperLimit }: Objective,
  { beside, errorClass }: Beside,
): boolean {
  if (maxRatioToBaseline === undefined || beside === undefined || upperLimit !== undefined) return false;
  return metricValue(metric, beside, errorClass) === 0;
}

/** Whether a verdict may rest on so many samples; none at all is never enough. */
export function hasEnoughSamples(samples: number, minSamples: number): boolean {
  return samples >= Math.max(1, minSamples);
}

type ComparedVerdict = Pick<Judgement, 'verdict' | 'reason'>;

function compare(objective: Objective, counts: Counts, { errorClass, metrics }: JudgementSettings): ComparedVerdict {
  const { metric, upperLimit, lowerLimit } = objective;
  const value = metricValue(metric, counts, errorClass);
  const facts = metricFacts(metric, metrics);
  if (value === undefined) return withoutValue(metric, counts);
  if (facts.kind.kind === 'tail-latency' && isBeyondLastBoundary(facts.kind.quantile, counts.buckets)) {
    return compareLowerBound(objective, value);
  }
  if (upperLimit !== undefined && value > upperLimit) {
    return { verdict: 'fail', reason: formatComparison({ metric, value, relation: '>', limit: upperLimit }) };
  }
  if (lowerLimit !== undefined && value < lowerLimit) {
    const reason = formatComparison({ metric, value, relation: '<', limit: lowerLimit });
    return { verdict: isFact(facts) ? 'undecided' : 'fail', reason };
  }
  return { verdict: 'pass', reason: formatPass(objective, value) };
}

function withoutValue(metric: string, { values = {} }: Counts): ComparedVerdict {
  const reading = values[metric];
  if (reading?.kind === 'unavailable') {
    return { verdict: 'undecided', reason: `${metric} has no value: ${reading.reason}` };
  }
  const isDefined = builtInMetric(metric) === undefined;
  const reason = isDefined ? `${metric} was not measured` : `${metric} cannot be computed from the histogram`;
  return { verdict: isDefined ? 'undecided' : 'error', reason };
}

/** A quantile beyond the last finite boundary is only known to be greater: never a pass under an upper limit. */
function compareLowerBound({ metric, upperLimit, lowerLimit }: Objective, boundary: number): ComparedVerdict {
  const known = `${metric} > ${formatMetric(metric, boundary)} (the last bucket)`;
  if (upperLimit !== undefined && upperLimit <= boundary) {
    return { verdict: 'fail', reason: `${known}, limit ${formatMetric(metric, upperLimit)}` };
  }
  const limit = upperLimit ?? lowerLimit ?? 0;
  const reason = `${known}, limit ${formatMetric(metric, limit)}`;
  return { verdict: upperLimit === undefined && limit <= boundary ? 'pass' : 'error', reason };
}

function formatPass({ metric, upperLimit, lowerLimit }: Objective, value: number): string {
  const lower = lowerLimit === undefined ? [] : [{ metric, value, relation: '>=', limit: lowerLimit } as const];
  const upper = upperLimit === undefined ? [] : [{ metric, value, relation: '<=', limit: upperLimit } as const];
  return [...lower, ...upper].map(formatComparison).join(' and ');
}

/** Says how the estimate is beyond a limit by more than the tolerance, whatever the sample size; `undefined` where it is not. */
function suspect(objective: Objective, counts: Counts, settings: JudgementSettings): string | undefined {
  const { metric, upperLimit, lowerLimit } = objective;
  const value = metricValue(metric, counts, settings.errorClass);
  if (value === undefined || sampleCount(metric, counts, settings) === 0) return undefined;
  const beyond = `by more than ${Number((settings.tolerance * 100).toFixed(6))} %`;
  if (upperLimit !== undefined && value > upperLimit * (1 + settings.tolerance)) {
    return `${formatComparison({ metric, value, relation: '>', limit: upperLimit })} ${beyond}`;
  }
  if (
    lowerLimit !== undefined &&
    !isFact(metricFacts(metric, settings.metrics)) &&
    value < lowerLimit * (1 - settings.tolerance)
  ) {
    return `${formatComparison({ metric, value, relation: '<', limit: lowerLimit })} ${beyond}`;
  }
  return undefined;
}

/** Whether the point value keeps both limits, whatever the sample size; false without a value. */
export function isWithinLimits(given: Objective, counts: Counts, settings: Beside): boolean {
  const objective = absoluteObjective(given, settings);
  if (typeof objective === 'string') return false;
  return sampleCount(objective.metric, counts, settings) > 0 && compare(objective, counts, settings).verdict === 'pass';
}
