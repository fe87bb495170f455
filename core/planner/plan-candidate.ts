import { allPass } from '../verdicts/assess.ts';
import { findExcuse } from '../verdicts/assessment.ts';
import type { Assessment, ObjectiveAssessment } from '../verdicts/assessment.ts';
import type { RewardComparison } from '../verdicts/compare-reward.ts';
import type { Drift } from '../traffic/drift.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { hasOwnSamples } from '../measurements/load-test.ts';
import { formatDuration } from '../text/duration.ts';
import type { ApprovalGate } from './requests.ts';
import { isGateOver, reasonNotApproved } from './approval-limit.ts';
import { formatApproval, formatRequest } from './requests.ts';

/** What the plan of one judged version depends on, after an observation. */
export interface CandidatePlanInput {
  readonly experiment: Experiment;
  readonly nowMs: number;
  /** Completed iterations, including the one just observed if it counts. */
  readonly iteration: number;
  readonly weight: number;
  readonly drift: Drift;
  /** Absent while the metrics are blind. */
  readonly computed?: {
    readonly assessment: Assessment;
    readonly weight: number;
    readonly reason: string;
    readonly reward?: RewardComparison;
  };
  readonly blind?: { readonly sinceMs: number; readonly reason: string };
  readonly candidateUnreadySinceMs?: number;
  /** Since when the candidate has had no request, although it has a share of the traffic. */
  readonly starvedSinceMs?: number;
  /** Since when the candidate fails and is not blamed for it. */
  readonly environmentSinceMs?: number;
  /** Since when the run goes on after its last iteration, undecided. */
  readonly extendedSinceMs?: number;
  /** Why the weight must not rise, nor the candidate be promoted; absent where both may be. */
  readonly heldBy?: string;
  /** Present once it is open. */
  readonly gate?: ApprovalGate;
}

/** What to do next with one judged version, and why, with the numbers. */
export type CandidatePlan =
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'shift'; readonly weight: number; readonly reason: string }
  | { readonly kind: 'openGate'; readonly reason: string }
  | { readonly kind: 'promote'; readonly reason: string }
  | { readonly kind: 'rollBack'; readonly reason: string }
  /** Leave the traffic as it is: somebody else decides about it now. */
  | { readonly kind: 'stop'; readonly reason: string };

/**
 * Decides the next step of a running experiment. The order is the order of safety: what the cluster says, what people
 * said, what the metrics say; promotion comes last and only on a fresh measurement.
 */
export function planCandidate(input: CandidatePlanInput): CandidatePlan {
  return (
    planForDrift(input) ??
    planForRefusal(input) ??
    planForVerdicts(input) ??
    planForBlindness(input) ??
    planForExcuse(input) ??
    planForProgress(input)
  );
}

function planForDrift({
  drift,
  experiment,
  candidateUnreadySinceMs,
  nowMs,
}: CandidatePlanInput): CandidatePlan | undefined {
  switch (drift.kind) {
    case 'stop':
      return { kind: 'stop', reason: drift.reason };
    case 'candidateGone':
      return { kind: 'rollBack', reason: drift.reason };
    case 'candidateUnready': {
      const unreadyMs = nowMs - (candidateUnreadySinceMs ?? nowMs);
      if (unreadyMs < experiment.candidateGraceMs) return undefined;
      const grace = formatDuration(experiment.candidateGraceMs);
      return { kind: 'rollBack', reason: `${drift.reason}, for longer than its grace of ${grace}` };
    }
    case 'none':
    case 'unknown':
      return undefined;
  }
}

function planForRefusal({ gate, experiment, nowMs }: CandidatePlanInput): CandidatePlan | undefined {
  if (gate === undefined) return undefined;
  const { approved, rejected } = gate;
  if (rejected !== undefined) {
    return { kind: 'rollBack', reason: formatRequest('promotion rejected', rejected) };
  }
  if (approved !== undefined || experiment.onApprovalLimit === 'promote') return undefined;
  return isGateOver(gate, experiment, nowMs) ? { kind: 'rollBack', reason: reasonNotApproved(experiment) } : undefined;
}

function planForBlindness({ blind, experiment, nowMs }: CandidatePlanInput): CandidatePlan | undefined {
  if (blind === undefined) return undefined;
  const tooLong = nowMs - blind.sinceMs >= experiment.blindLimitMs;
  if (tooLong && experiment.onBlind === 'rollback') {
    const limit = formatDuration(experiment.blindLimitMs);
    return { kind: 'rollBack', reason: `blind for longer than ${limit}: ${blind.reason}` };
  }
  return { kind: 'hold', reason: `blind, weight held: ${blind.reason}` };
}

/**
 * Plans while the candidate fails and is not blamed: with the baseline it keeps its weight, as a suspect it drops, which exposes fewer
 * users and lets the baseline show more.
 */
function planForExcuse({
  computed,
  environmentSinceMs,
  experiment,
  nowMs,
  weight,
}: CandidatePlanInput): CandidatePlan | undefined {
  const excuse = findExcuse(computed?.assessment);
  if (computed === undefined || excuse === undefined) return undefined;
  const reason = `${excuse}: ${computed.assessment.overall?.reason}`;
  const lastedMs = nowMs - (environmentSinceMs ?? nowMs);
  if (lastedMs >= experiment.blindLimitMs && experiment.onBlind === 'rollback') {
    return { kind: 'rollBack', reason: `${reason}, for longer than ${formatDuration(experiment.blindLimitMs)}` };
  }
  return shiftOrHold(weight, excuse === 'suspect' ? Math.min(weight, computed.weight) : weight, reason);
}

function planForVerdicts({ computed, gate }: CandidatePlanInput): CandidatePlan | undefined {
  const failed = findFailure(computed?.assessment, { isFinal: gate !== undefined });
  return failed === undefined ? undefined : { kind: 'rollBack', reason: `failed: ${failed}` };
}

/** Why a version has failed; undefined where it has not. Before the final judgement only objectives that say so fail it. */
export function findFailure(
  assessment: Assessment | undefined,
  { isFinal }: { readonly isFinal: boolean },
): string | undefined {
  const overall = assessment?.overall;
  if (overall !== undefined) return overall.verdict === 'fail' ? overall.reason : undefined;
  const failures = (assessment?.objectives ?? []).filter(({ candidate }) => candidate === 'fail');
  const decisive = failures.filter(({ objective }) => objective.rollbackOnFailure || isFinal);
  return decisive.length === 0 ? undefined : objectiveReasons(decisive);
}

function planForProgress(input: CandidatePlanInput): CandidatePlan {
  const { experiment, computed, iteration, heldBy } = input;
  if (computed === undefined) return { kind: 'hold', reason: 'nothing was measured, weight held' };
  if (input.drift.kind === 'candidateUnready') return { kind: 'hold', reason: `weight held: ${input.drift.reason}` };
  if (heldBy !== undefined) return planWhileHeld(input, { computed, heldBy });
  if (input.gate !== undefined) return planAtGate(input, computed, input.gate);
  if (iteration < experiment.iterations) return shiftOrHold(input.weight, computed.weight, computed.reason);
  if (!allPass(computed.assessment, experiment.minSamples)) return planWithoutPass(input, computed);
  const starved = planWhileStarved(input);
  if (starved !== undefined) return starved;
  return promoteOrAsk(experiment, reasonPassed(computed.assessment));
}

/** All that may be promoted passes here: where people are asked, the gate comes first. */
function promoteOrAsk({ approval }: Experiment, reason: string): CandidatePlan {
  if (approval === 'none') return { kind: 'promote', reason };
  return { kind: 'openGate', reason: `${reason}; waiting for approval` };
}

/** Plans after the last iteration without a pass: what is undecided goes by policy, everything else rolls back. */
function planWithoutPass(input: CandidatePlanInput, computed: Computed): CandidatePlan {
  const { experiment } = input;
  const { assessment } = computed;
  const reason = reasonNotPassed(assessment, experiment);
  if (!isUndecided(assessment)) return { kind: 'rollBack', reason };
  switch (experiment.analysis.undecided) {
    case 'rollback':
      return { kind: 'rollBack', reason };
    case 'extend':
      return planExtension(input, computed, reason);
    case 'hold':
      return { kind: 'openGate', reason: `${reason}; waiting for a person to approve or reject` };
    case 'pointEstimate':
      return planByEstimate(input, assessment, reason);
  }
}

type Computed = NonNullable<CandidatePlanInput['computed']>;

function isUndecided({ objectives }: Assessment): boolean {
  return objectives.every(({ candidate }) => candidate === 'pass' || candidate === 'undecided');
}

function planExtension(
  { experiment, nowMs, weight, ...input }: CandidatePlanInput,
  computed: Computed,
  reason: string,
): CandidatePlan {
  const limitMs = experiment.analysis.longestExtensionMs;
  const extendedMs = nowMs - (input.extendedSinceMs ?? nowMs);
  if (extendedMs >= limitMs) return { kind: 'rollBack', reason: `${reason}, after ${formatDuration(limitMs)} more` };
  return shiftOrHold(weight, computed.weight, `extended: ${reason}; ${computed.reason}`);
}

/** Decides by the point estimates as iter8 does, without error bounds. */
function planByEstimate(input: CandidatePlanInput, assessment: Assessment, reason: string): CandidatePlan {
  const { experiment } = input;
  if (!isFitByEstimate(experiment, assessment))
    return { kind: 'rollBack', reason: `${reason}; its estimates are not all within the limits` };
  return planWhileStarved(input) ?? promoteOrAsk(experiment, reasonByEstimate(reason));
}

function isFitByEstimate(experiment: Experiment, { objectives, samples }: Assessment): boolean {
  const enough = hasOwnSamples(experiment) || samples.candidate >= Math.max(1, experiment.minSamples);
  return enough && objectives.every(({ isWithinLimits }) => isWithinLimits === true);
}

function reasonByEstimate(reason: string): string {
  return `unproven, by its estimates alone: ${reason}`;
}

function planWhileHeld(
  { weight }: CandidatePlanInput,
  { computed, heldBy }: { readonly computed: Computed; readonly heldBy: string },
): CandidatePlan {
  if (computed.weight < weight) return shiftOrHold(weight, computed.weight, computed.reason);
  return { kind: 'hold', reason: `${heldBy}, weight held` };
}

/** Plans for a candidate that gets no requests: old evidence is no reason to promote, and the lack may be its own fault. */
function planWhileStarved({ starvedSinceMs, experiment, nowMs }: CandidatePlanInput): CandidatePlan | undefined {
  if (starvedSinceMs === undefined) return undefined;
  const since = formatDuration(nowMs - starvedSinceMs);
  if (nowMs - starvedSinceMs < experiment.blindLimitMs || experiment.onBlind === 'hold') {
    return { kind: 'hold', reason: 'waiting: the candidate had no request in the interval' };
  }
  return { kind: 'rollBack', reason: `undecided: the candidate has had no request for ${since}` };
}

function planAtGate(input: CandidatePlanInput, computed: Computed, gate: ApprovalGate): CandidatePlan {
  const { experiment, nowMs, weight } = input;
  const isOver = isGateOver(gate, experiment, nowMs);
  const consent = findConsent(gate, experiment, isOver);
  const { assessment } = computed;
  const wait = (reason: string): CandidatePlan =>
    computed.weight < weight ? shiftOrHold(weight, computed.weight, computed.reason) : { kind: 'hold', reason };
  const judged = reasonAtGate(experiment, assessment, gate.approved !== undefined || !isOver);
  if (judged === undefined) {
    const reason = reasonNotPassed(assessment, experiment);
    if (!isOver) return wait(`waiting: ${reason}`);
    const said = gate.approved === undefined ? reasonNotApproved(experiment) : 'approved';
    return { kind: 'rollBack', reason: `${said}, but ${reason}` };
  }
  if (consent === undefined) return wait('waiting for approval');
  const starved = planWhileStarved(input);
  if (starved !== undefined) return starved;
  return { kind: 'promote', reason: `${judged}; ${consent}` };
}

/** Why a candidate at the gate is fit to be promoted, with consent; undefined while it is not. */
function reasonAtGate(experiment: Experiment, assessment: Assessment, isAsked: boolean): string | undefined {
  if (allPass(assessment, experiment.minSamples)) return reasonPassed(assessment);
  if (!isUndecided(assessment)) return undefined;
  const reason = reasonNotPassed(assessment, experiment);
  switch (experiment.analysis.undecided) {
    case 'hold':
      // Only a person may promote it.
      return isAsked ? reason : undefined;
    case 'pointEstimate':
      return isFitByEstimate(experiment, assessment) ? reasonByEstimate(reason) : undefined;
    case 'rollback':
    case 'extend':
      return undefined;
  }
}

/** Why the promotion may happen, as far as people are asked; undefined while it may not. */
function findConsent(
  { approved, approvals }: ApprovalGate,
  experiment: Experiment,
  isOver: boolean,
): string | undefined {
  if (approved !== undefined) return formatApproval(approved, approvals);
  return isOver && experiment.onApprovalLimit === 'promote'
    ? `${reasonNotApproved(experiment)}, which promotes`
    : undefined;
}

function shiftOrHold(weight: number, next: number, reason: string): CandidatePlan {
  return next === weight ? { kind: 'hold', reason } : { kind: 'shift', weight: next, reason };
}

function reasonPassed(assessment: Assessment): string {
  if (assessment.objectives.length === 0) return `no objectives; ${assessment.samples.candidate} requests served`;
  return `all objectives pass: ${objectiveReasons(assessment.objectives)}`;
}

function reasonNotPassed(assessment: Assessment, experiment: Experiment): string {
  if (assessment.overall !== undefined) return `undecided: ${assessment.overall.reason}`;
  const open = assessment.objectives.filter(({ candidate }) => candidate !== 'pass');
  if (open.length === 0) {
    return `undecided: ${assessment.samples.candidate} of ${experiment.minSamples} requests`;
  }
  const words = { fail: 'failed', undecided: 'undecided', error: 'not measurable' } as const;
  const kinds = (['fail', 'undecided', 'error'] as const).map((verdict) => {
    const objectives = open.filter(({ candidate }) => candidate === verdict);
    return objectives.length === 0 ? '' : `${words[verdict]}: ${objectiveReasons(objectives)}`;
  });
  return kinds.filter((text) => text !== '').join('; ');
}

function objectiveReasons(objectives: readonly ObjectiveAssessment[]): string {
  return objectives.map(({ reason }) => reason).join('; ');
}
