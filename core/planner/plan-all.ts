import { analysisOf, longestExtensionMs } from '../experiment/analysis-rules.ts';
import { formatDuration } from '../text/duration.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { leaderOf } from '../verdicts/leader.ts';
import type { Leader } from '../verdicts/leader.ts';
import { plan } from './plan-candidate.ts';
import type { Plan, PlanInput } from './plan-candidate.ts';
import { isRacing, weightsOf } from './candidate-state.ts';
import type { Standing } from './candidate-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { withWeights } from './experiment-state.ts';
import type { ExperimentState } from './experiment-state.ts';

/** What to do next with all versions together, and why, with the numbers. */
export type RoundPlan =
  | { readonly kind: 'hold'; readonly reason: string }
  | {
      readonly kind: 'shift';
      /** Of the candidates, percent. */
      readonly weights: readonly number[];
      /** Candidates that leave the race with this step. */
      readonly losers: readonly { readonly index: number; readonly reason: string }[];
      readonly reason: string;
    }
  | { readonly kind: 'openGate'; readonly reason: string }
  /** `winner` is the candidate's index. */
  | { readonly kind: 'promote'; readonly winner: number; readonly reason: string }
  | { readonly kind: 'rollBack'; readonly reason: string }
  /** Leave the traffic as it is: somebody else decides about it now. */
  | { readonly kind: 'stop'; readonly reason: string }
  /** A conformance test has its answer; no traffic was moved. */
  | { readonly kind: 'conclude'; readonly conforms: boolean; readonly reason: string };

export interface PlanRoundInput {
  readonly experiment: Experiment;
  readonly standings: readonly Standing[];
  /** What is known of each judged version, in their order. */
  readonly inputs: readonly PlanInput[];
}

/** Decides the next step of a running experiment from what each judged version by itself would have next. */
export function planRound(input: PlanRoundInput): RoundPlan {
  const planned = racersOf(input);
  if (input.experiment.testingPattern === 'Conformance') return planConformance(planned);
  const stop = planned.find(({ plan }) => plan.kind === 'stop');
  if (stop !== undefined) return { kind: 'stop', reason: stop.plan.reason };
  const losers = planned.filter(({ plan }) => plan.kind === 'rollBack');
  if (losers.length === planned.length) return { kind: 'rollBack', reason: reasonsOf(planned) };
  const isOpen = planned.some(({ plan }) => plan.kind === 'hold' || plan.kind === 'shift');
  return isOpen ? goOn(input, planned) : choose(input, planned);
}

interface Racer {
  readonly index: number;
  readonly name: string;
  readonly plan: Plan;
  readonly input: PlanInput;
}

function racersOf({ experiment, standings, inputs }: PlanRoundInput): readonly Racer[] {
  const versions = judgedVersions(experiment);
  return inputs.flatMap((input, index) => {
    const standing = standings[index];
    if (standing === undefined || !isRacing(standing)) return [];
    return [{ index, name: versions[index]?.name ?? '', plan: plan(input), input }];
  });
}

/** One version's reason stands by itself, several are named. */
function reasonsOf(racers: readonly Racer[]): string {
  if (racers.length === 1) return racers[0]?.plan.reason ?? '';
  return racers.map(({ name, plan }) => `${name}: ${plan.reason}`).join('; ');
}

function planConformance(planned: readonly Racer[]): RoundPlan {
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

/** Nobody can be chosen yet: every candidate gets its next weight, and who has failed leaves the race. */
function goOn({ standings }: PlanRoundInput, planned: readonly Racer[]): RoundPlan {
  const losers = planned
    .filter(({ plan }) => plan.kind === 'rollBack')
    .map(({ index, plan }) => ({ index, reason: plan.reason }));
  const present = weightsOf(standings);
  const weights = present.map((weight, index) => {
    const next = planned.find((racer) => racer.index === index)?.plan;
    if (next === undefined || next.kind === 'rollBack') return 0;
    return next.kind === 'shift' ? next.weight : weight;
  });
  const reason = reasonsOf(planned);
  const isSame = weights.every((weight, index) => weight === present[index]);
  return isSame && losers.length === 0 ? { kind: 'hold', reason } : { kind: 'shift', weights, losers, reason };
}

/** Every candidate that is left satisfies the objectives, or has failed. */
function choose(input: PlanRoundInput, planned: readonly Racer[]): RoundPlan {
  const { experiment } = input;
  const fit = planned.filter(({ plan }) => plan.kind !== 'rollBack');
  const [only] = fit;
  if (only !== undefined && fit.length === 1 && experiment.reward === undefined) return chosen(only);
  const leader = leaderAmong(input, fit);
  switch (leader.kind) {
    case 'candidate': {
      const winner = fit.find(({ index }) => index === leader.index);
      if (winner === undefined) throw new Error(`the leader ${leader.name} is out of the race`);
      return chosen(winner, leader.reason);
    }
    case 'baseline':
      return { kind: 'rollBack', reason: `the baseline has the best reward: ${leader.reason}` };
    case 'none':
      return withoutLeader(input, fit, leader.reason);
  }
}

function chosen({ index, plan }: Racer, why?: string): RoundPlan {
  const reason = why === undefined ? plan.reason : `${plan.reason}; ${why}`;
  return plan.kind === 'promote' ? { kind: 'promote', winner: index, reason } : { kind: 'openGate', reason };
}

/** A baseline that fails the objectives is beaten by whoever satisfies them. */
function leaderAmong({ experiment, inputs }: PlanRoundInput, fit: readonly Racer[]): Leader {
  const contenders = inputs.map((input, index) => {
    const isFit = fit.some((racer) => racer.index === index);
    return isFit && input.computed !== undefined ? input.computed : null;
  });
  const leader = leaderOf(experiment, contenders);
  const [only] = fit;
  const baselineFails = fit.some(({ input }) => input.computed?.assessment.objectives.some(isFailedByBaseline));
  if (leader.kind === 'candidate' || !baselineFails || only === undefined || fit.length > 1) return leader;
  return { kind: 'candidate', index: only.index, name: only.name, reason: 'the baseline fails the objectives' };
}

function isFailedByBaseline({ baseline }: { readonly baseline: string }): boolean {
  return baseline === 'fail';
}

/** Objectives satisfied, reward undecided: by the same policy as an undecided objective. */
function withoutLeader({ experiment }: PlanRoundInput, fit: readonly Racer[], why: string): RoundPlan {
  const reason = `no winner: ${why}`;
  const [first] = fit;
  if (first === undefined) throw new Error('nobody is left to choose from');
  const { nowMs, extendedSinceMs = nowMs, approved, gateOpenedAtMs } = first.input;
  switch (analysisOf(experiment).undecided) {
    case 'rollback':
    case 'pointEstimate':
      return { kind: 'rollBack', reason };
    case 'extend': {
      const limitMs = longestExtensionMs(experiment);
      if (nowMs - extendedSinceMs < limitMs) return { kind: 'hold', reason: `extended: ${reason}` };
      return { kind: 'rollBack', reason: `${reason}, after ${formatDuration(limitMs)} more` };
    }
    case 'hold': {
      if (gateOpenedAtMs === undefined) return { kind: 'openGate', reason: `${reason}; waiting for a person` };
      const isOne = fit.length === 1 && approved !== undefined;
      return isOne ? chosen(first, reason) : { kind: 'hold', reason };
    }
  }
}

/** The same state after a plan: its weights, and who has left the race. */
export function withPlan(state: ExperimentState, plan: RoundPlan): ExperimentState {
  return plan.kind === 'shift' ? withoutLosers(withWeights(state, plan.weights), plan.losers) : state;
}

export function withoutLosers(
  state: ExperimentState,
  losers: Extract<RoundPlan, { kind: 'shift' }>['losers'],
): ExperimentState {
  const standings = state.standings.map((standing, index) => {
    const loser = losers.find((one) => one.index === index);
    return loser === undefined ? standing : { ...standing, out: loser.reason };
  });
  return { ...state, standings };
}
