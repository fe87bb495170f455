import type { Assessment, MetricValue, ObjectiveAssessment } from './assessment.ts';
import { noEvidence } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import type { MetricName } from '../experiment/metric.ts';
import { builtInMetric, builtInMetrics } from '../experiment/metric.ts';
import type { Counts, Measurement, NotMeasured } from '../measurements/measurement.ts';
import { metricValue } from '../measurements/metric-value.ts';
import { hasEnoughSamples, isWithinLimits, judgeByThreshold } from './threshold.ts';
import { judgeSequentially } from './sequential.ts';
import { defined } from '../text/defined.ts';

/** The latest interval, and all that both versions have answered. */
export interface AssessInput {
  readonly experiment: Experiment;
  /** What each version answered since the candidate first had traffic, the measurement included. */
  readonly totals: { readonly baseline: Counts; readonly candidate: Counts };
  /** The latest interval; without a measurement nothing is judged. */
  readonly measurement: Measurement;
  /** The evidence behind the totals, under the `sequential` method. */
  readonly evidence?: Evidence;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
}

/** Judges both versions against every objective. Where the interval was not measured, every verdict is `error`. */
export function assess(input: AssessInput): Assessment {
  const { experiment, totals, measurement } = input;
  const { objectives: judged, overall } = judge(input);
  const { shown = true } = input;
  const objectives = needsLimits(input) ? judged.map((one) => withLimits(one, input)) : judged;
  return {
    objectives:
      measurement.kind === 'measured' ? objectives : objectives.map((one) => withoutVerdict(one, measurement)),
    ...(overall === undefined || measurement.kind !== 'measured' ? {} : { overall }),
    metrics: shown ? shownMetrics(experiment).map((metric) => versionValues(metric, experiment, totals)) : [],
    samples: { baseline: totals.baseline.requests, candidate: totals.candidate.requests },
  };
}

function needsLimits({ experiment, shown = true }: AssessInput): boolean {
  return shown || experiment.analysis.undecided === 'pointEstimate';
}

function withLimits(one: ObjectiveAssessment, { experiment, totals }: AssessInput): ObjectiveAssessment {
  return {
    ...one,
    isWithinLimits: isWithinLimits(one.objective, totals.candidate, { ...experiment, beside: totals.baseline }),
  };
}

type ObjectiveJudgements = Pick<Assessment, 'objectives' | 'overall'>;

function judge(input: AssessInput): ObjectiveJudgements {
  const { experiment, totals, measurement, evidence = noEvidence(experiment), shown = true } = input;
  if (experiment.analysis.method === 'sequential') {
    return judgeSequentially({
      settings: experiment,
      totals,
      evidence,
      requestsPerMs: requestRate(measurement),
      isCompared: getsRequests(input),
      shown,
    });
  }
  return { objectives: experiment.objectives.map((objective) => assessObjective(objective, experiment, totals)) };
}

/** Of more requests than this, at least one goes to a baseline that has 1 % of the traffic, but for one interval of twenty. */
const mostWithoutBaseline = 300;

/** Whether the baseline gets requests at present; at little traffic there may be none of an interval by chance. */
function getsRequests({ measurement, totals }: AssessInput): boolean {
  if (measurement.kind !== 'measured' || totals.baseline.requests === 0) return false;
  return measurement.baseline.requests > 0 || measurement.candidate.requests <= mostWithoutBaseline;
}

/** The candidate's requests per millisecond in the interval. */
function requestRate(measurement: Measurement): number {
  if (measurement.kind !== 'measured') return 0;
  return measurement.candidate.requests / (measurement.toMs - measurement.fromMs);
}

/**
 * Whether the candidate may be promoted by this assessment: every objective passes, each by enough samples of its metric.
 * Without objectives the candidate must have answered at least `minSamples` requests; without a request nothing passes.
 */
export function allPass(assessment: Assessment, minSamples: number): boolean {
  if (assessment.overall !== undefined) return assessment.overall.verdict === 'pass';
  if (assessment.objectives.length === 0) return hasEnoughSamples(assessment.samples.candidate, minSamples);
  return assessment.objectives.every(({ candidate }) => candidate === 'pass');
}

function assessObjective(
  objective: Objective,
  experiment: Experiment,
  totals: AssessInput['totals'],
): ObjectiveAssessment {
  const candidate = judgeByThreshold(objective, totals.candidate, { ...experiment, beside: totals.baseline });
  return {
    objective,
    baseline: judgeByThreshold(objective, totals.baseline, { ...experiment, beside: totals.baseline }).verdict,
    candidate: candidate.verdict,
    reason: candidate.reason,
    suspect: candidate.suspect,
  };
}

function withoutVerdict(assessment: ObjectiveAssessment, measurement: NotMeasured): ObjectiveAssessment {
  const reason = `${assessment.objective.metric} not measured: ${measurement.reason}`;
  return { ...assessment, baseline: 'error', candidate: 'error', reason };
}

/**
 * The metrics to show: always the request count, since every verdict rests on it; then all that the manifest names,
 * user-defined metrics last.
 */
function shownMetrics({ objectives, indicators, reward }: Experiment): readonly MetricName[] {
  const rewards = reward === undefined ? [] : [reward.metric];
  const named = new Set(['request-count', ...indicators, ...objectives.map(({ metric }) => metric), ...rewards]);
  const custom = [...named].filter((metric) => builtInMetric(metric) === undefined);
  return [...builtInMetrics.filter((metric) => named.has(metric)), ...custom];
}

function versionValues(metric: MetricName, { errorClass }: Experiment, totals: AssessInput['totals']): MetricValue {
  const baseline = metricValue(metric, totals.baseline, errorClass);
  const candidate = metricValue(metric, totals.candidate, errorClass);
  return {
    metric,
    ...defined({ baseline, candidate }),
  };
}
