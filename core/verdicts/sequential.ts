import { metricTolerance } from '../experiment/analysis-rules.ts';
import type { EvidenceReport, Excuse, ObjectiveAssessment, OverallVerdict, Verdict } from './assessment.ts';
import { formatMetric } from '../measurements/comparison.ts';
import { formatDuration } from '../text/duration.ts';
import { testBoundaries, objectiveLogEvidence } from './evidence.ts';
import type { Evidence, ObjectiveEvidence } from './evidence.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import type { Counts } from '../measurements/measurement.ts';
import { metricFacts } from '../experiment/metric.ts';
import { metricValue, shareOver } from '../measurements/metric-value.ts';
import { hasEnoughSamples, judgeByThreshold } from './threshold.ts';
import type { JudgementSettings } from './threshold.ts';
import { formatOdds } from './format-odds.ts';
import { hasOwnSamples } from '../measurements/load-test.ts';
import { requestsUntilPass, shareInterval } from '../stats/bernoulli.ts';
import { logMeanExp } from '../stats/log-space.ts';
import { freshProcess, logEvidence } from '../stats/restarts.ts';
import { requestsUntilBetsSuffice } from '../stats/mean-betting.ts';
import { sequentialT } from '../stats/sequential-t.ts';
import { defined } from '../text/defined.ts';

/** The settings of an experiment that the method depends on. */
export type SequentialSettings = JudgementSettings & Pick<Experiment, 'objectives' | 'analysis' | 'metrics'>;

/** The evidence about both versions, and what its report needs besides. */
export interface SequentialInput {
  readonly settings: SequentialSettings;
  readonly evidence: Evidence;
  /** What each version answered since the candidate first had traffic; estimates rest on it, verdicts on the evidence. */
  readonly totals: { readonly baseline: Counts; readonly candidate: Counts };
  /** The candidate's requests per millisecond in the latest interval. */
  readonly requestsPerMs: number;
  /** Whether the baseline gets requests at present; otherwise there is nothing to compare with. */
  readonly isCompared: boolean;
  /** False leaves out reasons and bounds, which only people read; a simulation needs none. */
  readonly shown: boolean;
}

/**
 * The `sequential` method: verdicts with error bounds that hold over any number of observations.
 *
 * An objective passes when its own evidence against "bad" reaches 1/α; all must pass, which needs no correction. The candidate fails
 * when the mean of the evidence against "good" over the objectives reaches 1/β, whatever their dependence. When the baseline
 * fails the same objectives, and does so now, it is the environment that is bad. Until it is shown to be worse than the baseline,
 * by the evidence that a fail needs, the candidate is only suspect.
 */
export function judgeSequentially(input: SequentialInput): {
  readonly objectives: readonly ObjectiveAssessment[];
  readonly overall: OverallVerdict;
} {
  const baseline = judgeVersion(input, 'baseline');
  const candidate = judgeVersion(input, 'candidate');
  const objectives = input.settings.objectives.map((objective, index): ObjectiveAssessment => {
    const own = candidate.objectives[index];
    return {
      objective,
      baseline: baseline.objectives[index]?.verdict ?? 'undecided',
      candidate: own?.verdict ?? 'undecided',
      reason: own?.reason ?? '',
      suspect: own?.suspect ?? false,
      ...defined({ evidence: own?.evidence }),
    };
  });
  return { objectives, overall: judgeOverall({ baseline, candidate }, objectives, input) };
}

interface VersionJudgement {
  readonly hasFailed: boolean;
  /** For each objective whether it would fail the version by itself, and is missed at present. */
  readonly failsNow: readonly boolean[];
  /** The evidence that one objective needs to fail the version by itself, as a natural log. */
  readonly needed: number;
  readonly objectives: readonly Judged[];
}

interface Judged {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly suspect: boolean;
  readonly evidence?: EvidenceReport;
}

function judgeVersion(input: SequentialInput, role: 'baseline' | 'candidate'): VersionJudgement {
  const { settings, evidence } = input;
  const logs = settings.objectives.map((objective, index) => {
    const own = evidence[role][index] ?? { kind: 'fact' };
    return { objective, own, ...objectiveLogEvidence(own, objective, settings) };
  });
  const tested = logs.filter(({ own }) => own.kind !== 'fact');
  const failLog = tested.length === 0 ? -Infinity : logMeanExp(tested.map(({ fail }) => fail));
  const hasFailed = failLog >= -Math.log(settings.analysis.falseFail);
  const worst = Math.max(...tested.map(({ fail }) => fail));
  const objectives = logs.map(({ objective, own, pass, fail }) => {
    const isCulprit = hasFailed && own.kind !== 'fact' && fail === worst;
    return judgeObjective(input, role, { objective, own, pass, fail, isCulprit });
  });
  const needed = -Math.log(settings.analysis.falseFail) + Math.log(tested.length);
  const failsNow = logs.map(({ own, fail }) => own.kind !== 'fact' && own.excess > 0 && fail >= needed);
  return { hasFailed: hasFailed || objectives.some(({ verdict }) => verdict === 'fail'), failsNow, needed, objectives };
}

interface ObjectiveInput {
  readonly objective: Objective;
  readonly own: ObjectiveEvidence;
  readonly pass: number;
  readonly fail: number;
  readonly isCulprit: boolean;
}

function judgeObjective(
  { settings, totals, requestsPerMs, shown }: SequentialInput,
  role: 'baseline' | 'candidate',
  { objective, own, pass, fail, isCulprit }: ObjectiveInput,
): Judged {
  const counts = totals[role];
  const { baseline: beside } = totals;
  if (own.kind === 'fact') return judgeByThreshold(objective, counts, { ...settings, beside });
  const isBeyond = estimateIsBeyond(objective, counts, { ...settings, beside });
  const verdict: Verdict = isCulprit ? 'fail' : own.passed && !isBeyond ? 'pass' : 'undecided';
  if (!shown || role === 'baseline') return { verdict, reason: '', suspect: isBeyond };
  const evidence = evidenceReport({ settings, objective, own, pass, fail });
  const shownInput = { verdict, objective, counts, beside, requestsPerMs, settings, own, pass, fail, evidence };
  const reason = verdictReason(shownInput);
  return { verdict, reason, suspect: isBeyond, evidence };
}

/** Whether the point estimate is beyond limit and tolerance together, whatever the sample size. */
function estimateIsBeyond(
  objective: Objective,
  counts: Counts,
  { beside, ...settings }: SequentialSettings & { readonly beside: Counts },
): boolean {
  const { metric, maxRatioToBaseline, lowerLimit, upperLimit } = objective;
  const estimate = pointEstimate(objective, counts, settings);
  if (estimate === undefined) return false;
  const tolerance = metricTolerance(settings, metric);
  if (maxRatioToBaseline !== undefined) {
    const baseline = metricValue(metric, beside, settings.errorClass);
    // A ratio to a baseline of 0 is infinite, and says nothing.
    return baseline !== undefined && baseline > 0 && estimate > maxRatioToBaseline * (1 + tolerance) * baseline;
  }
  if (upperLimit === undefined && lowerLimit !== undefined) return estimate < lowerLimit * (1 - tolerance);
  return estimate > testBoundaries(objective, settings).boundary;
}

/** The estimate in the unit of the boundary: for a tail latency the share of requests over the limit. */
function pointEstimate(objective: Objective, counts: Counts, { errorClass }: SequentialSettings): number | undefined {
  const isTail = metricFacts(objective.metric).kind.kind === 'tail-latency';
  if (isTail && objective.maxRatioToBaseline === undefined) return shareOver(counts.buckets, objective.upperLimit ?? 0);
  return metricValue(objective.metric, counts, errorClass);
}

interface ReportInput {
  readonly settings: SequentialSettings;
  readonly objective: Objective;
  readonly own: Exclude<ObjectiveEvidence, { kind: 'fact' }>;
  readonly pass: number;
  readonly fail: number;
}

function evidenceReport({ settings, objective, own, pass, fail }: ReportInput): EvidenceReport {
  const { falsePass, falseFail } = settings.analysis;
  const needed = requestsNeeded(own, testBoundaries(objective, settings).boundary, falsePass);
  return {
    logPass: finite(pass),
    logFail: finite(fail),
    passed: own.passed,
    ...defined({
      interval: own.kind === 'share' ? shareInterval(own.pass, { falsePass, falseFail }) : undefined,
      requestsToPass: Number.isFinite(needed) ? needed : undefined,
    }),
  };
}

/** The further requests until a pass, if all goes on as before; infinite where it never comes, and where it is not computed. */
function requestsNeeded(own: ReportInput['own'], boundary: number, falsePass: number): number {
  if (own.kind === 'gauge' || own.kind === 'odds') return Infinity;
  if (own.kind === 'mean') return requestsUntilBetsSuffice(own.pass, own.requests, falsePass);
  // Requests that come in bursts are worth less than they count.
  const worth = own.pass.requests === 0 ? 1 : Math.max(1, own.spread.requests / own.pass.requests);
  return Math.ceil(requestsUntilPass(own.pass, boundary, falsePass) * worth);
}

/** Bounds a log from below, since −∞ does not survive JSON. */
function finite(log: number): number {
  return Math.max(log, -1e6);
}

interface ReasonInput extends ReportInput {
  readonly verdict: Verdict;
  readonly counts: Counts;
  /** The baseline's counts. */
  readonly beside: Counts;
  readonly requestsPerMs: number;
  readonly evidence: EvidenceReport;
}

function verdictReason(input: ReasonInput): string {
  const { verdict, counts, own, settings, pass, fail } = input;
  const estimate = `${estimateText(input)}, ${counts.requests} requests`;
  const { falsePass, falseFail } = settings.analysis;
  const skipped = own.kind === 'mean' && own.skipped !== undefined ? `; interval left out: ${own.skipped}` : '';
  switch (verdict) {
    case 'fail':
      return `${estimate}, evidence against it ${formatOdds(fail)} (needs ${formatOdds(-Math.log(falseFail))})${skipped}`;
    case 'pass':
      return `${estimate}, evidence for it ${formatOdds(pass)}${skipped}`;
    case 'undecided':
    case 'error':
      return `${estimate}, evidence for it ${formatOdds(pass)} of ${formatOdds(-Math.log(falsePass))}${remainingNeed(input)}${skipped}`;
  }
}

function remainingNeed({ counts, own, evidence: { requestsToPass, passed }, requestsPerMs }: ReasonInput): string {
  if (passed || own.kind === 'gauge' || own.kind === 'odds') return '';
  if (requestsToPass === undefined) return counts.requests === 0 ? '' : '; as it looks now it will not pass';
  const time = requestsPerMs > 0 ? `, ${formatDuration(Math.ceil(requestsToPass / requestsPerMs))}` : '';
  return `; needs about ${requestsToPass} more requests${time}`;
}

/** The estimate with its bounds, and what it is compared with: `error-rate 0.004 [0.001, 0.014], limit 0.010 +50 %`. */
function estimateText({ objective, counts, beside, settings, evidence }: ReasonInput): string {
  const { metric } = objective;
  const shown = (of: Counts): string => {
    const value = metricValue(metric, of, settings.errorClass);
    return value === undefined
      ? 'unknown'
      : formatMetric(metric, roundTo(value, metricFacts(metric).decimals === 1 ? 1 : 4));
  };
  const bounds = evidence.interval === undefined ? '' : boundsText(metric, evidence.interval);
  const isRelative = objective.maxRatioToBaseline !== undefined;
  return `${metric} ${shown(counts)}${isRelative ? ` beside ${shown(beside)}` : ''}${bounds}, ${limitText(objective, settings)}`;
}

/** What is allowed, and how much more is tolerated: `limit 0.010 +50 %`. */
function limitText(objective: Objective, settings: SequentialSettings): string {
  const { metric, upperLimit, lowerLimit, maxRatioToBaseline } = objective;
  const percent = Math.round(metricTolerance(settings, metric) * 100);
  const tolerated = (sign: string): string => (percent === 0 ? '' : ` ${sign}${percent} %`);
  if (maxRatioToBaseline !== undefined) return `limit ${maxRatioToBaseline} times the baseline${tolerated('+')}`;
  if (upperLimit === undefined && lowerLimit !== undefined) {
    return `at least ${formatMetric(metric, lowerLimit)}${tolerated('-')}`;
  }
  const { limit, boundary } = testBoundaries(objective, settings);
  const more = boundary === limit ? '' : ` +${Math.round((boundary / limit - 1) * 100)} %`;
  return `limit ${formatMetric(metric, upperLimit ?? 0)}${more}`;
}

function boundsText(metric: Objective['metric'], { lower, upper }: NonNullable<EvidenceReport['interval']>): string {
  const [low, high] = [lower, upper].map((share) => String(roundTo(share, 4)));
  return metric === 'error-rate' ? ` [${low}, ${high}]` : ` (share over the limit in [${low}, ${high}])`;
}

function roundTo(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

interface Versions {
  readonly baseline: VersionJudgement;
  readonly candidate: VersionJudgement;
}

/** What excuses a candidate that has failed: all that it fails the baseline fails too, or may fail as well. */
function chooseExcuse(
  { baseline, candidate }: Versions,
  { evidence, isCompared }: SequentialInput,
): Excuse | undefined {
  const alone = candidate.objectives.flatMap(({ verdict }, index) => {
    const fails = verdict === 'fail' || candidate.failsNow[index] === true;
    return fails && baseline.failsNow[index] !== true ? [evidence.candidate[index]] : [];
  });
  if (alone.length === 0) return 'environment';
  const isOpen = isCompared && alone.every((own) => own !== undefined && besideEvidence(own) < candidate.needed);
  return isOpen ? 'suspect' : undefined;
}

/** The log evidence that the candidate is worse than the baseline; infinite where that is not tested apart from its limit. */
function besideEvidence(own: ObjectiveEvidence): number {
  switch (own.kind) {
    case 'share':
    case 'mean':
      return logEvidence(own.beside ?? freshProcess);
    case 'gauge':
      return own.beside === undefined ? Infinity : sequentialT(own.beside).logFail;
    case 'odds':
    case 'fact':
      return Infinity;
  }
}

function judgeOverall(
  versions: Versions,
  objectives: readonly ObjectiveAssessment[],
  input: SequentialInput,
): OverallVerdict {
  const { settings, totals } = input;
  const { candidate } = versions;
  const reasons = (verdict: Verdict): string =>
    objectives
      .filter((one) => one.candidate === verdict)
      .map(({ reason }) => reason)
      .join('; ');
  if (candidate.hasFailed) {
    const verdict = chooseExcuse(versions, input) ?? 'fail';
    return { verdict, reason: `${excuses[verdict]}${reasons('fail')}` };
  }
  const { requests } = totals.candidate;
  if (!hasOwnSamples(settings) && !hasEnoughSamples(requests, settings.minSamples)) {
    return { verdict: 'undecided', reason: `${requests} of ${settings.minSamples} requests` };
  }
  const open = objectives.find((one) => one.candidate !== 'pass');
  return open === undefined
    ? { verdict: 'pass', reason: reasons('pass') }
    : { verdict: 'undecided', reason: reasons(open.candidate) };
}

const excuses = {
  environment: 'baseline and candidate fail together: ',
  suspect: 'not shown to be worse than the baseline: ',
  fail: '',
} as const;
