import type { Verdict } from './assessment.ts';
import { formatComparison, formatMetric } from './comparison.ts';
import type { Experiment, MetricName, Objective } from './experiment.ts';
import type { Counts } from './measurement.ts';
import { metricValue } from './metric-value.ts';
import { isPercentile, quantileOf } from './percentile.ts';
import { isBeyondLastBoundary } from './quantile.ts';

/** The settings of an experiment that a judgement depends on. */
export type JudgementSettings = Pick<Experiment, 'minSamples' | 'tolerance' | 'errorClass'>;

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
 * yield is an `error`.
 */
export function judgeByThreshold(objective: Objective, counts: Counts, settings: JudgementSettings): Judgement {
  const suspicion = suspect(objective, counts, settings);
  if (!hasEnoughSamples(counts.requests, settings.minSamples)) {
    const progress = `${counts.requests} of ${settings.minSamples} requests`;
    const reason = suspicion === undefined ? progress : `${progress}, suspect: ${suspicion}`;
    return { verdict: 'undecided', reason, suspect: suspicion !== undefined };
  }
  const { verdict, reason } = compare(objective, counts, settings);
  return { verdict, reason: `${reason}, ${counts.requests} requests`, suspect: suspicion !== undefined };
}

/** Whether a verdict may rest on these requests; no request at all is never enough. */
export function hasEnoughSamples(requests: number, minSamples: number): boolean {
  return requests >= Math.max(1, minSamples);
}

type ComparedVerdict = Pick<Judgement, 'verdict' | 'reason'>;

function compare(objective: Objective, counts: Counts, { errorClass }: JudgementSettings): ComparedVerdict {
  const { metric, upperLimit, lowerLimit } = objective;
  const value = metricValue(metric, counts, errorClass);
  if (value === undefined) return { verdict: 'error', reason: `${metric} cannot be computed from the histogram` };
  if (isPercentile(metric) && isBeyondLastBoundary(quantileOf(metric), counts.buckets)) {
    return compareLowerBound(objective, value);
  }
  if (upperLimit !== undefined && value > upperLimit) {
    return { verdict: 'fail', reason: formatComparison({ metric, value, relation: '>', limit: upperLimit }) };
  }
  if (lowerLimit !== undefined && value < lowerLimit) {
    const reason = formatComparison({ metric, value, relation: '<', limit: lowerLimit });
    return { verdict: isCounter(metric) ? 'undecided' : 'fail', reason };
  }
  return { verdict: 'pass', reason: formatPass(objective, value) };
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

/** How the estimate is beyond a limit by more than the tolerance, whatever the sample size, or `undefined`. */
function suspect(objective: Objective, counts: Counts, settings: JudgementSettings): string | undefined {
  const { metric, upperLimit, lowerLimit } = objective;
  const value = metricValue(metric, counts, settings.errorClass);
  if (value === undefined || counts.requests === 0) return undefined;
  const beyond = `by more than ${Number((settings.tolerance * 100).toFixed(6))} %`;
  if (upperLimit !== undefined && value > upperLimit * (1 + settings.tolerance)) {
    return `${formatComparison({ metric, value, relation: '>', limit: upperLimit })} ${beyond}`;
  }
  if (lowerLimit !== undefined && !isCounter(metric) && value < lowerLimit * (1 - settings.tolerance)) {
    return `${formatComparison({ metric, value, relation: '<', limit: lowerLimit })} ${beyond}`;
  }
  return undefined;
}

function isCounter(metric: MetricName): boolean {
  return metric === 'request-count' || metric === 'error-count';
}

/** Whether the point value keeps both limits, whatever the sample size; false without a value. */
export function isWithinLimits(objective: Objective, counts: Counts, settings: JudgementSettings): boolean {
  return counts.requests > 0 && compare(objective, counts, settings).verdict === 'pass';
}
