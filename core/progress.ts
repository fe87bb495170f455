import { analysisOf } from './analysis.ts';
import type { Drift } from './drift.ts';
import type { Experiment } from './experiment.ts';
import type { IntervalJudgement, JudgeIntervalInput } from './judge-interval.ts';
import type { Measurement } from './measurement.ts';
import type { PlanInput } from './plan.ts';
import { withWarnings } from './state.ts';
import type { ExperimentState } from './state.ts';

/** One look at metrics and target, and what became of it. */
export interface Seen {
  readonly experiment: Experiment;
  readonly measurement: Measurement;
  readonly drift: Drift;
  /** Absent while the metrics are out of sight. */
  readonly judgement: IntervalJudgement | undefined;
  readonly nowMs: number;
}

/** Folds one look into the state: what was learned, what is out of sight or disturbed, and whether an iteration has passed. */
export function afterLook(state: ExperimentState, seen: Seen): ExperimentState {
  const { experiment, measurement, drift, nowMs } = seen;
  const next = withObservation(state, seen);
  const counts = isWholeIteration(next, drift) && !isWarmUp(state, measurement, experiment);
  const iteration = next.iteration + (counts ? 1 : 0);
  const message = counts ? `IterationUpdate: Completed Iteration ${iteration}` : next.message;
  const isOver = iteration >= experiment.iterations;
  return { ...next, iteration, message, ...(isOver ? { extendedSinceMs: next.extendedSinceMs ?? nowMs } : {}) };
}

/** What the plan has to know after the look. */
export function planInputOf(state: ExperimentState, { experiment, drift, judgement, nowMs }: Seen): PlanInput {
  return {
    experiment,
    nowMs,
    iteration: state.iteration,
    weight: state.weight,
    drift,
    ...(judgement === undefined ? {} : { computed: judgement }),
    ...planFactsOf(state),
    paused: state.paused !== undefined,
  };
}

/** What the judgement of an interval has to know. */
export function judgeInputOf(
  state: ExperimentState,
  experiment: Experiment,
  measurement: Measurement,
): JudgeIntervalInput {
  const { totals, weight, evidence } = state;
  const known = evidence === undefined ? {} : { evidence };
  return { experiment, totals, measurement, weight, ...known, ...warmUpOf(state, experiment) };
}

/** Until when intervals judge nothing; absent without a warm-up. */
function warmUpOf({ startedAtMs = 0 }: ExperimentState, experiment: Experiment): { readonly warmUpUntilMs?: number } {
  const { warmUpMs } = analysisOf(experiment);
  return warmUpMs === 0 ? {} : { warmUpUntilMs: startedAtMs + warmUpMs };
}

const planFacts = [
  'blind',
  'candidateUnreadySinceMs',
  'starvedSinceMs',
  'environmentSinceMs',
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

function withObservation(state: ExperimentState, { measurement, drift, judgement, nowMs }: Seen): ExperimentState {
  const { blind, candidateUnreadySinceMs, starvedSinceMs, environmentSinceMs, ...rest } = state;
  const outOfSight = reasonOutOfSight(state, measurement, drift);
  // Out of sight it has not become ready.
  const wasUnready = candidateUnreadySinceMs !== undefined;
  const unready = drift.kind === 'candidateUnready' || (drift.kind === 'unknown' && wasUnready);
  const starved = measurement.kind === 'measured' ? isStarved(state, measurement) : starvedSinceMs !== undefined;
  const next: ExperimentState = {
    ...rest,
    ...(outOfSight === undefined ? {} : { blind: { sinceMs: blind?.sinceMs ?? nowMs, reason: outOfSight } }),
    ...(unready ? { candidateUnreadySinceMs: candidateUnreadySinceMs ?? nowMs } : {}),
    ...(starved ? { starvedSinceMs: starvedSinceMs ?? nowMs } : {}),
    ...(isEnvironment(judgement) ? { environmentSinceMs: environmentSinceMs ?? nowMs } : {}),
    ...(measurement.kind === 'measured' ? { observedUntilMs: measurement.toMs } : {}),
    ...(judgement === undefined ? {} : learned(judgement)),
  };
  return drift.kind === 'none' ? withWarnings(next, drift.notes) : next;
}

/** Blind, paused, at the gate, in a bad environment or with an unready candidate, time passes but no iteration does. */
function isWholeIteration(state: ExperimentState, drift: Drift): boolean {
  const { blind, paused, gateOpenedAtMs, environmentSinceMs } = state;
  const disturbances = [blind, paused, gateOpenedAtMs, environmentSinceMs];
  return disturbances.every((disturbance) => disturbance === undefined) && drift.kind === 'none';
}

/** Whether the interval began before the warm-up was over. */
function isWarmUp(state: ExperimentState, measurement: Measurement, experiment: Experiment): boolean {
  const { warmUpUntilMs = 0 } = warmUpOf(state, experiment);
  return measurement.kind === 'measured' && measurement.fromMs < warmUpUntilMs;
}

function isEnvironment(judgement: IntervalJudgement | undefined): boolean {
  return judgement?.assessment.overall?.verdict === 'environment';
}

function isStarved({ weight }: ExperimentState, { candidate }: Extract<Measurement, { kind: 'measured' }>): boolean {
  return weight > 0 && candidate.requests === 0;
}

function reasonOutOfSight(
  { confirmed, weight }: ExperimentState,
  measurement: Measurement,
  drift: Drift,
): string | undefined {
  if (measurement.kind !== 'measured') return measurement.reason;
  if (!confirmed) return `the cluster has not reported the candidate's ${weight} % yet`;
  return drift.kind === 'unknown' ? drift.reason : undefined;
}

function learned({ totals, evidence, assessment, suspect }: IntervalJudgement): Partial<ExperimentState> {
  return { totals, assessment, suspect, ...(evidence === undefined ? {} : { evidence }) };
}
