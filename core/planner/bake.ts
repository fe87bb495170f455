import { candidateAt } from '../experiment/versions.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import type { RunMeasurement } from '../measurements/measurement.ts';
import { defined } from '../text/defined.ts';
import { formatDuration } from '../text/duration.ts';
import type { Drift } from '../traffic/drift.ts';
import type { BakeState } from './bake-state.ts';
import { initialCandidateState } from './candidate-state.ts';
import type { CandidateState } from './candidate-state.ts';
import type { ExperimentState } from './experiment-state.ts';
import { findUnreadySince, judgedPart, learned, moveClock } from './fold-observation.ts';
import type { IntervalJudgement } from './judge-candidate.ts';
import type { JudgeAllInput } from './judge-all.ts';
import { findFailure } from './plan-candidate.ts';
import { formatRequest } from './requests.ts';
import { withWarnings } from './state-transitions.ts';

/** What follows an observation after the promotion. */
export type BakePlan =
  | { readonly kind: 'goOn' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'rollBack'; readonly reason: string }
  /** Somebody else decides about the traffic now. */
  | { readonly kind: 'stop'; readonly reason: string };

/** The promotion is done: its bake time begins. */
export function enterBaking(
  state: ExperimentState,
  experiment: Experiment,
  { winner, reason, nowMs }: { readonly winner: number; readonly reason: string; readonly nowMs: number },
): ExperimentState {
  const { bakeMs = 0, intervalMs } = experiment;
  const left = Math.ceil(bakeMs / intervalMs);
  const { name } = candidateAt(experiment, winner);
  const promoted = initialCandidateState(100);
  const { checkpoint: _, ...clock } = state.clock;
  return {
    ...state,
    stage: 'Baking',
    bake: { winner, reason, startedAtMs: nowMs, untilMs: nowMs + left * intervalMs, left, seen: 0, promoted },
    // What was answered before is no evidence, nor is what the finish actions have disturbed.
    clock: { ...clock, deadlineMs: nowMs, observedUntilMs: nowMs },
    event: { reason: 'StageAdvanced', message: `${name} is promoted, and watched for ${formatDuration(bakeMs)}` },
  };
}

/** The input of the judgement of the promoted version: alone, as the baseline serves nothing that it could be compared with. */
export function buildBakeInput(
  experiment: Experiment,
  { winner, promoted }: BakeState,
  measurement: RunMeasurement,
): JudgeAllInput {
  const { weight, totals, evidence } = promoted;
  return {
    experiment: {
      ...judgedPart(experiment),
      ...absoluteObjectives(experiment),
      testingPattern: 'Conformance',
      baseline: candidateAt(experiment, winner),
      candidates: [],
    },
    measurement: ofPromoted(measurement, winner),
    candidateStates: [{ weight, totals, ...defined({ evidence }) }],
  };
}

/** The objectives without limits relative to the baseline, and what belongs to each. */
function absoluteObjectives({ objectives, correlations }: Experiment): Pick<Experiment, 'objectives' | 'correlations'> {
  const kept = objectives.flatMap(({ maxRatioToBaseline: _, ...objective }, index): [Objective, number | null][] => {
    const isAbsolute = objective.upperLimit !== undefined || objective.lowerLimit !== undefined;
    return isAbsolute ? [[objective, correlations[index] ?? null]] : [];
  });
  return {
    objectives: kept.map(([objective]) => objective),
    correlations: correlations.length === 0 ? [] : kept.map(([, correlation]) => correlation),
  };
}

function ofPromoted(measurement: RunMeasurement, winner: number): RunMeasurement {
  if (measurement.kind !== 'measured') return measurement;
  const { candidates, ...rest } = measurement;
  return { ...rest, baseline: candidates[winner] ?? rest.baseline, candidates: [] };
}

/** An observation after the promotion. */
export interface BakeObservation {
  readonly atMs: number;
  readonly measurement: RunMeasurement;
  readonly drift: Drift;
  /** Absent while the metrics are blind. */
  readonly judgement: IntervalJudgement | undefined;
}

/** Folds an observation into the state. */
export function withBakeObservation(
  state: ExperimentState,
  bake: BakeState,
  { atMs, measurement, drift, judgement }: BakeObservation,
): ExperimentState {
  const { unreadySinceMs, ...rest } = bake.promoted;
  const promoted: CandidateState = {
    ...rest,
    ...defined({ unreadySinceMs: findUnreadySince(unreadySinceMs, drift, atMs) }),
    ...(judgement && learned(judgement)),
  };
  const candidateStates = state.candidateStates.map((candidate, index) =>
    index === bake.winner && judgement
      ? { ...candidate, assessment: judgement.assessment, suspect: judgement.suspect }
      : candidate,
  );
  const unseen =
    measurement.kind !== 'measured' ? measurement.reason : drift.kind === 'unknown' ? drift.reason : undefined;
  const { blind, ...seeing } = state;
  const next: ExperimentState = {
    ...seeing,
    ...(unseen === undefined ? {} : { blind: { sinceMs: blind?.sinceMs ?? atMs, reason: unseen } }),
    candidateStates,
    clock: moveClock(state.clock, measurement),
    bake: { ...bake, promoted, left: Math.max(0, bake.left - 1), seen: bake.seen + (judgement === undefined ? 0 : 1) },
  };
  return withWarnings(next, drift.kind === 'none' ? drift.notes : []);
}

/** A person has said that it goes; undefined while nobody has. */
export function planRejection({ rejected }: BakeState): BakePlan | undefined {
  return rejected && { kind: 'rollBack', reason: formatRequest('promotion rejected', rejected) };
}

/** Decides what follows: only a failure, or a person, rolls back; what cannot be told keeps the version. */
export function planBake(
  { candidateGraceMs }: Experiment,
  bake: BakeState,
  { atMs, drift }: Pick<BakeObservation, 'atMs' | 'drift'>,
): BakePlan {
  const { promoted, left } = bake;
  const rejection = planRejection(bake);
  if (rejection !== undefined) return rejection;
  switch (drift.kind) {
    case 'stop':
      return { kind: 'stop', reason: drift.reason };
    case 'candidateGone':
      return { kind: 'rollBack', reason: `after the promotion: ${drift.reason}` };
    case 'candidateUnready':
      if (atMs - (promoted.unreadySinceMs ?? atMs) >= candidateGraceMs)
        return { kind: 'rollBack', reason: `after the promotion: ${drift.reason}` };
      break;
    case 'none':
    case 'unknown':
      break;
  }
  const failed = findFailure(promoted.assessment, { isFinal: true });
  if (failed !== undefined) return { kind: 'rollBack', reason: `after the promotion: failed: ${failed}` };
  // What is unready at the end is watched until its grace is over, or it is ready again.
  return { kind: left > 0 || drift.kind === 'candidateUnready' ? 'goOn' : 'keep' };
}

/** What people should know of a bake time that is over. */
export function bakeWarnings({ seen, startedAtMs, untilMs }: BakeState): readonly string[] {
  if (seen > 0) return [];
  const span = formatDuration(untilMs - startedAtMs);
  return [`nothing could be measured in the bake time of ${span}: nobody has watched the promoted version`];
}

/** What an interval after the promotion has shown, in words. */
export function describeBake({ promoted, left }: BakeState, blind: string | undefined): string {
  if (blind !== undefined) return `promoted, and watched; blind: ${blind}`;
  const suspects = (promoted.assessment?.objectives ?? []).filter(({ suspect }) => suspect);
  const doubt =
    suspects.length === 0 ? 'within the limits' : `suspect: ${suspects.map(({ reason }) => reason).join('; ')}`;
  const more = left === 0 ? 'for the last time' : `${left} more ${left === 1 ? 'interval' : 'intervals'}`;
  return `promoted, and watched, ${more}: ${doubt}`;
}
