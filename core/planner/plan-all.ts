import { formatDuration } from '../text/duration.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { findLeader } from '../verdicts/leader.ts';
import type { Leader } from '../verdicts/leader.ts';
import { isGateOver, reasonNotApproved } from './approval-limit.ts';
import { planCandidate } from './plan-candidate.ts';
import type { CandidatePlan, CandidatePlanInput } from './plan-candidate.ts';
import { isStillJudged, currentWeights } from './candidate-state.ts';
import type { CandidateState } from './candidate-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { withWeights } from './traffic-transitions.ts';
import type { ExperimentState } from './experiment-state.ts';

/** What to do next with all versions together, and why, with the numbers. */
export type Plan =
  | { readonly kind: 'hold'; readonly reason: string }
  | {
      readonly kind: 'shift';
      /** The candidates' weights, percent. */
      readonly weights: readonly number[];
      /** Candidates that are eliminated with this step. */
      readonly eliminated: readonly { readonly index: number; readonly reason: string }[];
      readonly reason: string;
    }
  /** `leader` is the index of the candidate that an approval promotes; absent while none leads: then it is whichever wins. */
  | { readonly kind: 'openGate'; readonly leader?: number; readonly reason: string }
  /** `winner` is the candidate's index. */
  | { readonly kind: 'promote'; readonly winner: number; readonly reason: string }
  | { readonly kind: 'rollBack'; readonly reason: string }
  /** Leave the traffic as it is: somebody else decides about it now. */
  | { readonly kind: 'stop'; readonly reason: string }
  /** A conformance test has its answer; no traffic was moved. */
  | { readonly kind: 'conclude'; readonly conforms: boolean; readonly reason: string };

/** What the plan of all versions depends on. */
export interface PlanInput {
  readonly experiment: Experiment;
  readonly candidateStates: readonly CandidateState[];
  /** The planning input of each judged version, in their order. */
  readonly inputs: readonly CandidatePlanInput[];
}

/** Decides the next step of a running experiment from the plans of its judged versions. */
export function planNextStep(input: PlanInput): Plan {
  const planned = planCandidates(input);
  if (input.experiment.testingPattern === 'Conformance') return planConformance(planned);
  const stop = planned.find(({ plan }) => plan.kind === 'stop');
  if (stop !== undefined) return { kind: 'stop', reason: stop.plan.reason };
  const failed = planned.filter(({ plan }) => plan.kind === 'rollBack');
  if (failed.length === planned.length) return { kind: 'rollBack', reason: planReasons(planned) };
  const isOpen = planned.some(({ plan }) => plan.kind === 'hold' || plan.kind === 'shift');
  if (!isOpen) return choose(input, planned);
  return askAnew(input, planned) ?? goOn(input, planned);
}

interface PlannedCandidate {
  readonly index: number;
  readonly name: string;
  readonly plan: CandidatePlan;
  readonly input: CandidatePlanInput;
}

function planCandidates({ experiment, candidateStates, inputs }: PlanInput): readonly PlannedCandidate[] {
  const versions = judgedVersions(experiment);
  return inputs.flatMap((input, index) => {
    const candidate = candidateStates[index];
    if (candidate === undefined || !isStillJudged(candidate)) return [];
    return [{ index, name: versions[index]?.name ?? '', plan: planCandidate(input), input }];
  });
}

/** The reason of the only version, or those of several with their names. */
function planReasons(planned: readonly PlannedCandidate[]): string {
  if (planned.length === 1) return planned[0]?.plan.reason ?? '';
  return planned.map(({ name, plan }) => `${name}: ${plan.reason}`).join('; ');
}

function planConformance(planned: readonly PlannedCandidate[]): Plan {
  const [only] = planned;
  if (only === undefined) throw new Error('a conformance test judges one version');
  const { kind, reason } = only.plan;
  switch (kind) {
    case 'hold':
    case 'shift':
      return { kind: 'hold', reason };
    case 'openGate':
      return { kind: 'openGate', reason };
    case 'promote':
      return { kind: 'conclude', conforms: true, reason };
    case 'rollBack':
      return { kind: 'conclude', conforms: false, reason };
    case 'stop':
      return { kind: 'stop', reason };
  }
}

/** Plans at the gate of a candidate that has been eliminated meanwhile: people are asked about the one that leads now, if one does. */
function askAnew(input: PlanInput, planned: readonly PlannedCandidate[]): Plan | undefined {
  const [first] = planned;
  const asked = first?.input.gate?.leader;
  const isGone = asked !== undefined && planned.every(({ index }) => index !== asked);
  if (!isGone || planned.some(({ plan }) => plan.kind === 'rollBack')) return undefined;
  const leader = planned.length === 1 && input.experiment.reward === undefined ? first : findLeading(input, planned);
  if (leader === undefined) return undefined;
  return { kind: 'openGate', leader: leader.index, reason: `${leader.name} leads now: ${leader.plan.reason}` };
}

function findLeading(input: PlanInput, fit: readonly PlannedCandidate[]): PlannedCandidate | undefined {
  const leader = leaderAmong(input, fit);
  return leader.kind === 'candidate' ? fit.find(({ index }) => index === leader.index) : undefined;
}

/** Plans while no winner can be chosen yet: every candidate gets its next weight, and those that failed are eliminated. */
function goOn({ experiment, candidateStates }: PlanInput, planned: readonly PlannedCandidate[]): Plan {
  const eliminated = planned
    .filter(({ plan }) => plan.kind === 'rollBack')
    .map(({ index, plan }) => ({ index, reason: plan.reason }));
  const present = currentWeights(candidateStates);
  const wanted = present.map((weight, index) => {
    const next = planned.find((candidate) => candidate.index === index)?.plan;
    if (next === undefined || next.kind === 'rollBack') return 0;
    return next.kind === 'shift' ? next.weight : weight;
  });
  const weights = fitTogether(wanted, present, experiment);
  const late = planned.filter(({ index }) => weights[index] !== wanted[index]).map(({ name }) => name);
  const rest = late.length === 0 ? [] : [`${late.join(' and ')} cannot get more before others give it up`];
  const reason = [planReasons(planned), ...rest].join('; ');
  const isSame = weights.every((weight, index) => weight === present[index]);
  return isSame && eliminated.length === 0 ? { kind: 'hold', reason } : { kind: 'shift', weights, eliminated, reason };
}

/**
 * The weights that candidates may have together: each may keep or give up what it has, and what is left of the maximum goes to those that
 * climb, in their order. A candidate that holds its weight, as while it is unready, gives nothing up.
 */
function fitTogether(
  wanted: readonly number[],
  present: readonly number[],
  { weights: { maxCandidateWeight } }: Experiment,
): readonly number[] {
  const kept = wanted.map((weight, index) => Math.min(weight, present[index] ?? 0));
  let left = Math.min(100, maxCandidateWeight) - kept.reduce((sum, weight) => sum + weight, 0);
  return wanted.map((weight, index) => {
    const own = kept[index] ?? 0;
    const added = Math.min(weight - own, Math.max(0, left));
    left -= added;
    return own + added;
  });
}

/** Chooses the winner, once every candidate that is still judged satisfies the objectives or has failed. */
function choose(input: PlanInput, planned: readonly PlannedCandidate[]): Plan {
  const { experiment } = input;
  const fit = planned.filter(({ plan }) => plan.kind !== 'rollBack');
  const [only] = fit;
  if (only !== undefined && fit.length === 1 && experiment.reward === undefined) return chosen(only);
  const leader = leaderAmong(input, fit);
  switch (leader.kind) {
    case 'candidate': {
      const winner = fit.find(({ index }) => index === leader.index);
      if (winner === undefined) throw new Error(`the leader ${leader.name} is no longer judged`);
      return chosen(winner, leader.reason);
    }
    case 'baseline':
      return { kind: 'rollBack', reason: `the baseline has the best reward: ${leader.reason}` };
    case 'none':
      return withoutLeader(input, fit, leader.reason);
  }
}

/** People are asked about the candidate that leads: where another one does by now, they are asked anew. */
function chosen({ index, name, plan, input: { gate } }: PlannedCandidate, why?: string): Plan {
  const reason = why === undefined ? plan.reason : `${plan.reason}; ${why}`;
  if (plan.kind !== 'promote') return { kind: 'openGate', leader: index, reason };
  if (gate?.leader !== undefined && gate.leader !== index)
    return {
      kind: 'openGate',
      leader: index,
      reason: `${name} leads now, and people were asked about another: ${reason}`,
    };
  return { kind: 'promote', winner: index, reason };
}

/**
 * The best of the candidates and the baseline; a baseline that fails the objectives loses to the only candidate that
 * satisfies them.
 */
function leaderAmong({ experiment, inputs }: PlanInput, fit: readonly PlannedCandidate[]): Leader {
  const ranked = inputs.map((input, index) => {
    const isFit = fit.some((candidate) => candidate.index === index);
    return isFit && input.computed !== undefined ? input.computed : null;
  });
  const leader = findLeader(experiment, ranked);
  const [only] = fit;
  const baselineFails = fit.some(({ input }) => input.computed?.assessment.objectives.some(isFailedByBaseline));
  if (leader.kind === 'candidate' || !baselineFails || only === undefined || fit.length > 1) return leader;
  return { kind: 'candidate', index: only.index, name: only.name, reason: 'the baseline fails the objectives' };
}

function isFailedByBaseline({ baseline }: { readonly baseline: string }): boolean {
  return baseline === 'fail';
}

/** Plans when the objectives are satisfied but the reward is undecided: by the policy for undecided objectives. */
function withoutLeader({ experiment }: PlanInput, fit: readonly PlannedCandidate[], why: string): Plan {
  const reason = `no winner: ${why}`;
  const [first] = fit;
  if (first === undefined) throw new Error('nobody is left to choose from');
  const { nowMs, extendedSinceMs = nowMs, gate } = first.input;
  switch (experiment.analysis.undecided) {
    case 'rollback':
    case 'pointEstimate':
      return { kind: 'rollBack', reason };
    case 'extend': {
      const limitMs = experiment.analysis.longestExtensionMs;
      if (nowMs - extendedSinceMs < limitMs) return { kind: 'hold', reason: `extended: ${reason}` };
      return { kind: 'rollBack', reason: `${reason}, after ${formatDuration(limitMs)} more` };
    }
    case 'hold': {
      if (gate === undefined) {
        const leader = fit.length === 1 ? { leader: first.index } : {};
        return { kind: 'openGate', ...leader, reason: `${reason}; waiting for a person` };
      }
      if (fit.length === 1 && gate.approved !== undefined) return chosen(first, reason);
      if (!isGateOver(gate, experiment, nowMs)) return { kind: 'hold', reason };
      const isApproved = gate.approved !== undefined;
      const late = `approved, but no winner within ${formatDuration(experiment.approvalLimitMs)}`;
      return { kind: 'rollBack', reason: `${reason}; ${isApproved ? late : reasonNotApproved(experiment)}` };
    }
  }
}

/** The state with the weights and eliminations of a plan. */
export function withPlan(state: ExperimentState, plan: Plan): ExperimentState {
  return plan.kind === 'shift' ? withEliminated(withWeights(state, plan.weights), plan.eliminated) : state;
}

/** The state with candidates that are no longer judged, and why. */
export function withEliminated(
  state: ExperimentState,
  eliminated: Extract<Plan, { kind: 'shift' }>['eliminated'],
): ExperimentState {
  const candidates = state.candidateStates.map((candidate, index) => {
    const found = eliminated.find((one) => one.index === index);
    return found === undefined ? candidate : { ...candidate, eliminated: found.reason };
  });
  return { ...state, candidateStates: candidates };
}
