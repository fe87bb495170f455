import type { Verdict } from '../verdicts/assessment.ts';
import { withBoundsPerCandidate } from '../experiment/analysis-rules.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import { metricFacts } from '../experiment/metric.ts';
import { judgedVersions } from '../experiment/versions.ts';
import type { Counts, RunMeasurement } from '../measurements/measurement.ts';
import type { IntervalJudgement } from '../planner/judge-candidate.ts';
import type { Judgements } from '../planner/judge-all.ts';
import { defined } from '../text/defined.ts';

/** The course of a run, interval by interval, as charts show it. */
export interface Course {
  readonly objectives: readonly Objective[];
  /** The names of the versions, the baseline first; a conformance test has one. */
  readonly versions: readonly string[];
  /** The names of the versions that are judged. */
  readonly judged: readonly string[];
  /** Under the `sequential` method: natural logs of the evidence that a pass and a failure need. */
  readonly needed?: { readonly pass: number; readonly fail: number };
  readonly intervals: readonly CourseInterval[];
}

/** One observed interval. */
export interface CourseInterval {
  /** From 1, blind intervals included. */
  readonly number: number;
  readonly atMs: number;
  /** The candidates' weights during the interval, percent. */
  readonly weights: readonly number[];
  /** Why nothing was measured. */
  readonly unmeasured?: string;
  /** What each version answered in the interval, in the order of `Course.versions`; empty when nothing was measured. */
  readonly answered: readonly Answered[];
  /** One for each judged version; null for one that is eliminated. Empty when nothing was judged. */
  readonly judgements: readonly (CourseJudgement | null)[];
}

/** What one version answered in an interval. */
export interface Answered {
  readonly requests: number;
  readonly errors: number;
}

/** How one version was judged after an interval. */
export interface CourseJudgement {
  /** The weight that was chosen for the next interval, percent. */
  readonly weight: number;
  readonly reason: string;
  /** In the order of `Course.objectives`. */
  readonly objectives: readonly CourseObjective[];
}

/** The standing of one version on one objective, from all its requests so far. */
export interface CourseObjective {
  readonly verdict: Verdict;
  readonly suspect: boolean;
  /** The estimate of the metric for the judged version, and for the baseline beside it. */
  readonly value?: number;
  readonly baseline?: number;
  /** Bounds of an error rate that hold at every observation. */
  readonly interval?: Bounds;
  /** The same of a tail latency: of the share of requests over the limit, which may be `limit`. */
  readonly slowShare?: Bounds & { readonly limit: number };
  /** Natural logs of the evidence. */
  readonly evidence?: { readonly pass: number; readonly fail: number };
  /** Requests that a pass still needs if the estimate is the truth. */
  readonly requestsToPass?: number;
}

export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** An interval of a record. */
interface Interval {
  readonly atMs: number;
  readonly weights: readonly number[];
  readonly measurement: RunMeasurement;
  readonly judgement?: Judgements;
}

/** Builds the course from the experiment and the intervals of its record. */
export function buildCourse(experiment: Experiment, intervals: readonly Interval[]): Course {
  const { baseline, objectives, analysis } = experiment;
  const isAlone = experiment.testingPattern === 'Conformance';
  const { falsePass, falseFail } = withBoundsPerCandidate(experiment).analysis;
  const needed =
    analysis.method === 'sequential' ? { pass: -Math.log(falsePass), fail: -Math.log(falseFail) } : undefined;
  return {
    objectives,
    versions: isAlone ? [baseline.name] : [baseline, ...experiment.candidates].map(({ name }) => name),
    judged: judgedVersions(experiment).map(({ name }) => name),
    ...defined({ needed }),
    intervals: intervals.map((interval, index) => buildInterval(interval, index + 1, objectives)),
  };
}

function buildInterval(
  { atMs, weights, measurement, judgement = [] }: Interval,
  number: number,
  objectives: readonly Objective[],
): CourseInterval {
  const judgements = judgement.map((one) => (one === null ? null : buildJudgement(one, objectives)));
  if (measurement.kind !== 'measured') {
    return { number, atMs, weights, unmeasured: measurement.reason, answered: [], judgements };
  }
  const { baseline, candidates } = measurement;
  return { number, atMs, weights, answered: [baseline, ...candidates].map(countAnswered), judgements };
}

function countAnswered({ requests, errors5xx }: Counts): Answered {
  return { requests, errors: errors5xx };
}

/** Without a baseline that serves, objectives relative to it are not judged. */
const notJudged: CourseObjective = { verdict: 'undecided', suspect: false };

function buildJudgement(
  { weight, reason, assessment }: IntervalJudgement,
  objectives: readonly Objective[],
): CourseJudgement {
  const judged = assessment.objectives.map(({ objective, candidate, suspect, evidence }): CourseObjective => {
    const values = assessment.metrics.find(({ metric }) => metric === objective.metric);
    const logs = evidence && { pass: evidence.logPass, fail: evidence.logFail };
    const { interval, requestsToPass } = evidence ?? {};
    return {
      verdict: candidate,
      suspect,
      ...defined({ value: values?.candidate, baseline: values?.baseline, evidence: logs, requestsToPass }),
      ...(interval === undefined ? {} : inUnits(objective, interval)),
    };
  });
  if (judged.length === objectives.length) return { weight, reason, objectives: judged };
  const places = objectives.map((one) =>
    assessment.objectives.findIndex(({ objective }) => haveSameLimits(objective, one)),
  );
  return { weight, reason, objectives: places.map((place) => judged[place] ?? notJudged) };
}

function haveSameLimits(one: Objective, other: Objective): boolean {
  return one.metric === other.metric && one.upperLimit === other.upperLimit && one.lowerLimit === other.lowerLimit;
}

/** Evidence bounds the share of bad requests, which only for an error rate is the metric itself. */
function inUnits({ metric }: Objective, interval: Bounds): Pick<CourseObjective, 'interval' | 'slowShare'> {
  const { kind } = metricFacts(metric);
  if (kind.kind !== 'tail-latency') return { interval };
  return { slowShare: { ...interval, limit: 1 - kind.quantile } };
}
