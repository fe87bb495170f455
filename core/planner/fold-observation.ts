import type { Drift } from '../traffic/drift.ts';
import { formatClosure } from '../experiment/calendar.ts';
import type { Closure } from '../experiment/calendar.ts';
import type { Experiment, Task } from '../experiment/experiment.ts';
import type { IntervalJudgement } from './judge-candidate.ts';
import type { JudgeAllInput, Judgements } from './judge-all.ts';
import { findExcuse } from '../verdicts/assessment.ts';
import { restsOnRequests } from '../measurements/load-test.ts';
import { formatVisibility } from '../measurements/visibility.ts';
import { versionMeasurement } from '../measurements/measurement.ts';
import type { Measurement, RunMeasurement } from '../measurements/measurement.ts';
import type { CandidatePlanInput } from './plan-candidate.ts';
import type { PlanInput } from './plan-all.ts';
import { isStillJudged } from './candidate-state.ts';
import type { CandidateState } from './candidate-state.ts';
import { withWarnings } from './state-transitions.ts';
import type { Clock, ExperimentState } from './experiment-state.ts';
import { defined } from '../text/defined.ts';
import { formatDuration } from '../text/duration.ts';

/** One observation of metrics and target, and what was computed from it. */
export interface Observed {
  readonly experiment: Experiment;
  readonly measurement: RunMeasurement;
  /** One for each judged version, in their order. */
  readonly drifts: readonly Drift[];
  /** Absent while the metrics are blind. */
  readonly judgement: Judgements | undefined;
  readonly nowMs: number;
  /** Present while a calendar allows no advance. */
  readonly closed?: Closure;
  /** Whether the guard has cut the interval short. */
  readonly isEarly?: boolean;
}

/** Folds one observation into the state: the evidence, what is blind or disturbed, and whether an iteration is complete. */
export function withObservation(state: ExperimentState, observed: Observed): ExperimentState {
  const { experiment, measurement, nowMs, isEarly = false } = observed;
  const next = withObservedFacts(state, observed);
  const counts = !isEarly && isWholeIteration(next, observed) && !isWarmUp(state, measurement, experiment);
  const iteration = next.iteration + (counts ? 1 : 0);
  const { clock } = next;
  const isOver = iteration >= experiment.iterations;
  return {
    ...next,
    iteration,
    event: counts ? { reason: 'IterationUpdate', message: `Completed Iteration ${iteration}` } : next.event,
    clock: isOver ? { ...clock, extendedSinceMs: clock.extendedSinceMs ?? nowMs } : clock,
  };
}

/** Builds the input of the plan, given the state after the observation. */
export function buildPlanInput(state: ExperimentState, observed: Observed): PlanInput {
  const { experiment } = observed;
  const { candidateStates } = state;
  const inputs = candidateStates.map((candidate, index) => buildCandidateInput({ state, candidate, index }, observed));
  return { experiment, candidateStates, inputs };
}

interface IndexedCandidate {
  readonly state: ExperimentState;
  readonly candidate: CandidateState;
  readonly index: number;
}

function buildCandidateInput(
  { state, candidate, index }: IndexedCandidate,
  { experiment, drifts, judgement, nowMs }: Observed,
): CandidatePlanInput {
  const { unreadySinceMs, starvedSinceMs, environmentSinceMs } = candidate;
  const { blind, gate, clock } = state;
  return {
    experiment,
    nowMs,
    iteration: state.iteration,
    weight: candidate.weight,
    drift: driftAt(drifts, index),
    ...defined({ computed: judgement?.[index] ?? undefined, blind, gate, extendedSinceMs: clock.extendedSinceMs }),
    ...defined({ candidateUnreadySinceMs: unreadySinceMs, starvedSinceMs, environmentSinceMs }),
    ...defined({ heldBy: findHold(state) }),
  };
}

/** What people or the calendar hold back. */
function findHold({ paused, closed }: ExperimentState): string | undefined {
  if (paused !== undefined) return 'paused';
  return closed && formatClosure(closed);
}

/** Builds the input of the judgement but for the measurement, given the state before the observation. */
export function buildJudgeInput(state: ExperimentState, experiment: Experiment): Omit<JudgeAllInput, 'measurement'> {
  const candidateStates = state.candidateStates.map(({ weight, totals, evidence, eliminated }) => ({
    weight,
    totals,
    ...defined({ evidence, eliminated }),
  }));
  const warmUpUntilMs = warmUpEndMs(state, experiment);
  return { experiment: judgedPart(experiment), candidateStates, ...defined({ warmUpUntilMs }) };
}

/** The experiment without the calendar and the tasks, on which no judgement depends: they may be long, and the input is recorded in each iteration. */
export function judgedPart({ calendar: _, ...experiment }: Experiment): Experiment {
  return {
    ...experiment,
    start: experiment.start.filter(sendsLoad),
    loop: experiment.loop.filter(sendsLoad),
    finish: [],
    notifications: [],
  };
}

function sendsLoad({ kind }: Task): boolean {
  return kind === 'collect';
}

/** The end of the warm-up, epoch ms; undefined without one. */
function warmUpEndMs({ clock }: ExperimentState, { analysis }: Experiment): number | undefined {
  return analysis.warmUpMs === 0 ? undefined : (clock.startedAtMs ?? 0) + analysis.warmUpMs;
}

function withObservedFacts(state: ExperimentState, observed: Observed): ExperimentState {
  const { blind, closed: _, ...rest } = state;
  const { measurement, drifts, nowMs, closed } = observed;
  const blindReason = findBlindReason(state, observed);
  const next: ExperimentState = {
    ...rest,
    ...defined({ closed }),
    ...(blindReason === undefined ? {} : { blind: { sinceMs: blind?.sinceMs ?? nowMs, reason: blindReason } }),
    clock: moveClock(state.clock, measurement),
    candidateStates: state.candidateStates.map((candidate, index) =>
      isStillJudged(candidate) ? updateCandidate(candidate, index, observed) : candidate,
    ),
  };
  const notes = drifts.flatMap((drift) => (drift.kind === 'none' ? drift.notes : []));
  return withWarnings(next, [...new Set(notes)]);
}

/** What was measured without a checkpoint was counted to the end of its window, and the next one begins there. */
export function moveClock(clock: Clock, measurement: RunMeasurement): Clock {
  if (measurement.kind === 'error') return clock;
  const visibility = measurement.visibility ?? clock.visibility;
  if (measurement.kind === 'blind') return { ...clock, ...defined({ visibility }) };
  const { checkpoint: _, ...rest } = clock;
  return { ...rest, observedUntilMs: measurement.toMs, ...defined({ visibility, checkpoint: measurement.checkpoint }) };
}

/** Updates the state of one judged version with the observation. */
function updateCandidate(
  candidate: CandidateState,
  index: number,
  { experiment, drifts, judgement, ...observed }: Observed,
): CandidateState {
  const { unreadySinceMs, starvedSinceMs, environmentSinceMs, ...rest } = candidate;
  const { testingPattern } = experiment;
  const measurement = versionMeasurement(observed.measurement, { testingPattern, index });
  const judged = judgement?.[index] ?? undefined;
  const isExcused = findExcuse(judged?.assessment) !== undefined;
  const isStarvedNow =
    measurement.kind === 'measured' ? isStarved(candidate, measurement) : starvedSinceMs !== undefined;
  const starved = isStarvedNow && restsOnRequests(experiment);
  return {
    ...rest,
    ...defined({
      unreadySinceMs: findUnreadySince(unreadySinceMs, driftAt(drifts, index), observed.nowMs),
      starvedSinceMs: starved ? (starvedSinceMs ?? observed.nowMs) : undefined,
      environmentSinceMs: isExcused ? (environmentSinceMs ?? observed.nowMs) : undefined,
    }),
    ...(judged && learned(judged)),
  };
}

/** Since when a version is not ready, epoch ms; one that cannot be observed has not become ready. */
export function findUnreadySince(beforeMs: number | undefined, { kind }: Drift, nowMs: number): number | undefined {
  const isUnready = kind === 'candidateUnready' || (kind === 'unknown' && beforeMs !== undefined);
  return isUnready ? (beforeMs ?? nowMs) : undefined;
}

/**
 * Whether the interval can complete an iteration: it does not while blind, paused, closed, at the gate, in a bad environment
 * or under drift.
 */
function isWholeIteration(
  { blind, paused, closed, gate, candidateStates }: ExperimentState,
  { drifts }: Observed,
): boolean {
  const disturbances = [blind, paused, closed, gate];
  if (disturbances.some((disturbance) => disturbance !== undefined)) return false;
  return candidateStates.every((candidate, index) => {
    if (!isStillJudged(candidate)) return true;
    return candidate.environmentSinceMs === undefined && driftAt(drifts, index).kind === 'none';
  });
}

function driftAt(drifts: readonly Drift[], index: number): Drift {
  return drifts[index] ?? { kind: 'none', notes: [] };
}

/** Whether the interval began before the warm-up was over. */
function isWarmUp(state: ExperimentState, measurement: RunMeasurement, experiment: Experiment): boolean {
  return measurement.kind === 'measured' && measurement.fromMs < (warmUpEndMs(state, experiment) ?? 0);
}

function isStarved({ weight }: CandidateState, { candidate }: Extract<Measurement, { kind: 'measured' }>): boolean {
  return weight > 0 && candidate.requests === 0;
}

function findBlindReason(
  { traffic, candidateStates }: ExperimentState,
  { experiment, measurement, drifts }: Observed,
): string | undefined {
  if (measurement.kind !== 'measured') return measurement.reason;
  const tooLate = findTooLate(measurement, experiment);
  if (tooLate !== undefined) return tooLate;
  if (!traffic.confirmed) {
    const weights = candidateStates.map(({ weight }) => `${weight} %`).join(', ');
    return `the cluster has not reported the candidate's ${weights} yet`;
  }
  const unknown = drifts.find((drift) => drift.kind === 'unknown');
  return unknown?.reason;
}

/** What has been counted is from before the interval, and says nothing about its weight. */
function findTooLate(
  { visibility }: Extract<RunMeasurement, { kind: 'measured' }>,
  { intervalMs }: Experiment,
): string | undefined {
  if (visibility?.lagMs === undefined || visibility.lagMs < intervalMs) return undefined;
  const interval = formatDuration(intervalMs);
  return `nothing of the interval of ${interval} has shown yet: ${formatVisibility(visibility)}`;
}

/** What a judgement says of its version. */
export function learned({ totals, evidence, assessment, suspect, reward }: IntervalJudgement): Partial<CandidateState> {
  return {
    totals,
    assessment,
    suspect,
    ...defined({ evidence, reward }),
  };
}
