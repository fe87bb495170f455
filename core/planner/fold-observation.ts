import { analysisOf } from '../experiment/analysis-rules.ts';
import type { Drift } from '../traffic/drift.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { IntervalJudgement } from './judge-candidate.ts';
import type { JudgeRoundInput, RoundJudgement } from './judge-all.ts';
import { isLoadTest } from '../measurements/load-test.ts';
import { measurementOf } from '../measurements/measurement.ts';
import type { Measurement, RunMeasurement } from '../measurements/measurement.ts';
import type { PlanInput } from './plan-candidate.ts';
import type { PlanRoundInput } from './plan-all.ts';
import { isRacing } from './candidate-state.ts';
import type { Standing } from './candidate-state.ts';
import { withWarnings } from './experiment-state.ts';
import type { ExperimentState } from './experiment-state.ts';

/** One look at metrics and target, and what became of it. */
export interface Seen {
  readonly experiment: Experiment;
  readonly measurement: RunMeasurement;
  /** For each judged version. */
  readonly drifts: readonly Drift[];
  /** Absent while the metrics are out of sight. */
  readonly judgement: RoundJudgement | undefined;
  readonly nowMs: number;
}

/** Folds one look into the state: what was learned, what is out of sight or disturbed, and whether an iteration has passed. */
export function afterLook(state: ExperimentState, seen: Seen): ExperimentState {
  const { experiment, measurement, nowMs } = seen;
  const next = withObservation(state, seen);
  const counts = isWholeIteration(next, seen) && !isWarmUp(state, measurement, experiment);
  const iteration = next.iteration + (counts ? 1 : 0);
  const message = counts ? `IterationUpdate: Completed Iteration ${iteration}` : next.message;
  const isOver = iteration >= experiment.iterations;
  return { ...next, iteration, message, ...(isOver ? { extendedSinceMs: next.extendedSinceMs ?? nowMs } : {}) };
}

/** What the plan has to know after the look. */
export function planInputOf(state: ExperimentState, seen: Seen): PlanRoundInput {
  const { experiment } = seen;
  const { standings } = state;
  const inputs = standings.map((standing, index) => inputOf({ state, standing, index }, seen));
  return { experiment, standings, inputs };
}

interface Place {
  readonly state: ExperimentState;
  readonly standing: Standing;
  readonly index: number;
}

function inputOf({ state, standing, index }: Place, { experiment, drifts, judgement, nowMs }: Seen): PlanInput {
  const { unreadySinceMs, starvedSinceMs, environmentSinceMs } = standing;
  const computed = judgement?.[index] ?? undefined;
  return {
    experiment,
    nowMs,
    iteration: state.iteration,
    weight: standing.weight,
    drift: driftAt(drifts, index),
    ...(computed === undefined ? {} : { computed }),
    ...planFactsOf(state),
    ...(unreadySinceMs === undefined ? {} : { candidateUnreadySinceMs: unreadySinceMs }),
    ...(starvedSinceMs === undefined ? {} : { starvedSinceMs }),
    ...(environmentSinceMs === undefined ? {} : { environmentSinceMs }),
    paused: state.paused !== undefined,
  };
}

/** What the judgement of an interval has to know. */
export function judgeInputOf(
  state: ExperimentState,
  experiment: Experiment,
  measurement: RunMeasurement,
): JudgeRoundInput {
  const standings = state.standings.map(({ weight, totals, evidence, out }) => ({
    weight,
    totals,
    ...(evidence === undefined ? {} : { evidence }),
    ...(out === undefined ? {} : { out }),
  }));
  return { experiment, measurement, standings, ...warmUpOf(state, experiment) };
}

/** Until when intervals judge nothing; absent without a warm-up. */
function warmUpOf({ startedAtMs = 0 }: ExperimentState, experiment: Experiment): { readonly warmUpUntilMs?: number } {
  const { warmUpMs } = analysisOf(experiment);
  return warmUpMs === 0 ? {} : { warmUpUntilMs: startedAtMs + warmUpMs };
}

const planFacts = [
  'blind',
  'extendedSinceMs',
  'gateOpenedAtMs',
  'approved',
  'rejected',
] as const satisfies readonly (keyof ExperimentState & keyof PlanInput)[];

function planFactsOf(state: ExperimentState): Pick<ExperimentState, (typeof planFacts)[number]> {
  const present = planFacts.filter((fact) => state[fact] !== undefined).map((fact) => [fact, state[fact]]);
  // Only keys of the state itself were taken, and absent ones stay absent.
  return Object.fromEntries(present) as Pick<ExperimentState, (typeof planFacts)[number]>;
}

function withObservation(state: ExperimentState, seen: Seen): ExperimentState {
  const { blind, ...rest } = state;
  const { measurement, drifts, nowMs } = seen;
  const outOfSight = reasonOutOfSight(state, measurement, drifts);
  const next: ExperimentState = {
    ...rest,
    ...(outOfSight === undefined ? {} : { blind: { sinceMs: blind?.sinceMs ?? nowMs, reason: outOfSight } }),
    ...(measurement.kind === 'measured' ? { observedUntilMs: measurement.toMs } : {}),
    standings: state.standings.map((standing, index) =>
      isRacing(standing) ? afterSeen(standing, index, seen) : standing,
    ),
  };
  const notes = drifts.flatMap((drift) => (drift.kind === 'none' ? drift.notes : []));
  return withWarnings(next, [...new Set(notes)]);
}

/** What the look has changed about one judged version. */
function afterSeen(standing: Standing, index: number, { experiment, drifts, judgement, ...seen }: Seen): Standing {
  const { unreadySinceMs, starvedSinceMs, environmentSinceMs, ...rest } = standing;
  const { testingPattern } = experiment;
  const measurement = measurementOf(seen.measurement, { testingPattern, index });
  const judged = judgement?.[index] ?? undefined;
  const { kind } = driftAt(drifts, index);
  // Out of sight it has not become ready.
  const unready = kind === 'candidateUnready' || (kind === 'unknown' && unreadySinceMs !== undefined);
  const isStarvedNow =
    measurement.kind === 'measured' ? isStarved(standing, measurement) : starvedSinceMs !== undefined;
  // A load test sends requests when its tasks say so, not in every interval.
  const starved = isStarvedNow && !isLoadTest(experiment);
  return {
    ...rest,
    ...(unready ? { unreadySinceMs: unreadySinceMs ?? seen.nowMs } : {}),
    ...(starved ? { starvedSinceMs: starvedSinceMs ?? seen.nowMs } : {}),
    ...(isEnvironment(judged) ? { environmentSinceMs: environmentSinceMs ?? seen.nowMs } : {}),
    ...(judged === undefined ? {} : learned(judged)),
  };
}

/** Blind, paused, at the gate, in a bad environment or with an unready candidate, time passes but no iteration does. */
function isWholeIteration({ blind, paused, gateOpenedAtMs, standings }: ExperimentState, { drifts }: Seen): boolean {
  const disturbances = [blind, paused, gateOpenedAtMs];
  if (disturbances.some((disturbance) => disturbance !== undefined)) return false;
  return standings.every((standing, index) => {
    if (!isRacing(standing)) return true;
    return standing.environmentSinceMs === undefined && driftAt(drifts, index).kind === 'none';
  });
}

function driftAt(drifts: readonly Drift[], index: number): Drift {
  return drifts[index] ?? { kind: 'none', notes: [] };
}

/** Whether the interval began before the warm-up was over. */
function isWarmUp(state: ExperimentState, measurement: RunMeasurement, experiment: Experiment): boolean {
  const { warmUpUntilMs = 0 } = warmUpOf(state, experiment);
  return measurement.kind === 'measured' && measurement.fromMs < warmUpUntilMs;
}

function isEnvironment(judgement: IntervalJudgement | undefined): boolean {
  return judgement?.assessment.overall?.verdict === 'environment';
}

function isStarved({ weight }: Standing, { candidate }: Extract<Measurement, { kind: 'measured' }>): boolean {
  return weight > 0 && candidate.requests === 0;
}

function reasonOutOfSight(
  { confirmed, standings }: ExperimentState,
  measurement: RunMeasurement,
  drifts: readonly Drift[],
): string | undefined {
  if (measurement.kind !== 'measured') return measurement.reason;
  if (!confirmed) {
    const weights = standings.map(({ weight }) => `${weight} %`).join(', ');
    return `the cluster has not reported the candidate's ${weights} yet`;
  }
  const unknown = drifts.find((drift) => drift.kind === 'unknown');
  return unknown?.reason;
}

function learned({ totals, evidence, assessment, suspect, reward }: IntervalJudgement): Partial<Standing> {
  return {
    totals,
    assessment,
    suspect,
    ...(evidence === undefined ? {} : { evidence }),
    ...(reward === undefined ? {} : { reward }),
  };
}
