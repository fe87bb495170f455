import { assess } from '../verdicts/assess.ts';
import { findExcuse } from '../verdicts/assessment.ts';
import { judgeCommonOutage } from '../verdicts/common-outage.ts';
import type { Assessment } from '../verdicts/assessment.ts';
import { addCounts, formatBoundaries, haveSameBoundaries } from '../measurements/counters.ts';
import { formatDuration } from '../text/duration.ts';
import { addEvidence, noEvidence, withoutBlame } from '../verdicts/evidence.ts';
import type { Evidence } from '../verdicts/evidence.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { Measurement, Totals } from '../measurements/measurement.ts';
import { compareReward } from '../verdicts/compare-reward.ts';
import type { RewardComparison } from '../verdicts/compare-reward.ts';
import { nextWeight } from './next-weight.ts';
import { defined } from '../text/defined.ts';

/** An interval of one judged version, and what was known of it before. */
export interface JudgeIntervalInput {
  readonly experiment: Experiment;
  /** What both versions answered since the candidate first had traffic, before the interval. */
  readonly totals: Totals;
  readonly measurement: Measurement;
  /** The candidate's weight in the interval, percent. */
  readonly weight: number;
  /** The evidence before the interval; absent at first, and where the method needs none. */
  readonly evidence?: Evidence;
  /** The end of the warm-up, epoch ms: intervals that begin earlier are measured and shown, but not judged. */
  readonly warmUpUntilMs?: number;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
}

/** Everything that an interval changes and that needs floating point. */
export interface IntervalJudgement {
  readonly totals: Totals;
  readonly evidence?: Evidence;
  readonly assessment: Assessment;
  /** The candidate's next weight if nothing forbids a change, percent. */
  readonly weight: number;
  readonly reason: string;
  readonly suspect: boolean;
  /** Present in A/B and A/B/N tests only. */
  readonly reward?: RewardComparison;
}

/**
 * Adds an interval to the totals and to the evidence, judges both versions and chooses the next weight. An interval whose
 * histogram has other boundaries than the totals adds nothing and is answered as not measured.
 */
export function judgeInterval(input: JudgeIntervalInput): IntervalJudgement {
  const { experiment, weight, totals: before, shown = true } = input;
  const measurement = comparable(input.measurement, before);
  const warmingUp = warmUpReason(measurement, input);
  const judged = warmingUp === undefined ? measurement : undefined;
  const sum = addMeasurement(before, judged);
  const evidence = evidenceAfter(input, judged);
  const known = defined({ evidence });
  const assessed = assess({ experiment, totals: sum, measurement, shown, ...known });
  const outage = judgeCommonOutage(experiment, assessed, measurement);
  const assessment = outage === undefined ? assessed : { ...assessed, overall: outage };
  // What the threshold method compares would remember an outage long after it is over.
  const totals = outage === undefined ? sum : before;
  const recent = defined({ recentRequests: evidence?.recentRequests });
  const next = nextWeight({ experiment, assessment, measurement, weight, candidate: sum.candidate, ...recent });
  const suspect = assessment.objectives.some((objective) => objective.suspect);
  const excuse = findExcuse(assessment);
  const kept =
    excuse !== undefined && evidence !== undefined
      ? withoutBlame(input.evidence ?? noEvidence(experiment), evidence, excuse)
      : evidence;
  const decision = warmingUp === undefined ? next : { weight, reason: warmingUp };
  const reward = compareReward({ experiment, totals, ...defined({ evidence: kept }) });
  return {
    totals,
    ...defined({ evidence: kept }),
    assessment,
    ...decision,
    suspect,
    ...defined({ reward }),
  };
}

function warmUpReason(measurement: Measurement, { warmUpUntilMs }: JudgeIntervalInput): string | undefined {
  if (measurement.kind !== 'measured' || warmUpUntilMs === undefined) return undefined;
  const leftMs = warmUpUntilMs - measurement.fromMs;
  return leftMs > 0 ? `warming up for another ${formatDuration(leftMs)}, nothing is judged yet` : undefined;
}

function evidenceAfter(
  { experiment, evidence }: JudgeIntervalInput,
  measurement: Measurement | undefined,
): Evidence | undefined {
  if (experiment.analysis.method !== 'sequential') return undefined;
  const known = evidence ?? noEvidence(experiment);
  return measurement?.kind === 'measured' ? addEvidence(known, measurement, experiment) : known;
}

function comparable(measurement: Measurement, totals: Totals): Measurement {
  if (measurement.kind !== 'measured') return measurement;
  const changed = (['baseline', 'candidate'] as const).find(
    (role) => !haveSameBoundaries(totals[role], measurement[role]),
  );
  if (changed === undefined) return measurement;
  const before = formatBoundaries(totals[changed].buckets);
  const now = formatBoundaries(measurement[changed].buckets);
  const reason = `the ${changed}'s latency buckets changed during the run, from [${before}] to [${now}] ms`;
  return { kind: 'error', reason: `${reason}; start the experiment again` };
}

function addMeasurement(totals: Totals, measurement: Measurement | undefined): Totals {
  if (measurement?.kind !== 'measured') return totals;
  return {
    baseline: addCounts(totals.baseline, measurement.baseline),
    candidate: addCounts(totals.candidate, measurement.candidate),
  };
}
