import { findLeader } from '../verdicts/leader.ts';
import type { Leader } from '../verdicts/leader.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { IntervalJudgement } from './judge-candidate.ts';
import type { CandidateState } from './candidate-state.ts';
import { failingWeight, firstStep, highestWeight } from './next-weight.ts';

/** The share of the candidates' traffic that keeps measuring versions that do not lead, as in iter8. */
const exploration = 0.1;

/**
 * Bounds what each judged version would get by itself, where versions compete. Until one leads by its reward all climb to an even
 * split; then the leader may climb to what is left of the maximum, and the others keep a share for exploration. The
 * maximum holds for the candidates together.
 */
export function shareTraffic(
  experiment: Experiment,
  states: readonly Pick<CandidateState, 'weight'>[],
  judgements: readonly (IntervalJudgement | null)[],
): readonly (IntervalJudgement | null)[] {
  const isCompared = experiment.reward !== undefined || states.length > 1;
  if (!isCompared || experiment.deploymentPattern === 'FixedSplit') return judgements;
  const remaining = judgements.filter((judgement) => judgement !== null).length;
  const leader = findLeader(experiment, judgements);
  return judgements.map((judgement, index) => {
    if (judgement === null) return null;
    const ceiling = ceilingFor({ index, leader, remaining }, experiment);
    return bounded(judgement, { weight: states[index]?.weight ?? 0, ceiling, leader });
  });
}

/** The weights that Running begins with, percent, and why. */
export function firstWeights(
  experiment: Experiment,
  requestsPerInterval: number | undefined,
): { readonly weights: readonly number[]; readonly reason: string } {
  const { weight, reason } = firstStep(experiment, requestsPerInterval);
  const remaining = experiment.candidates.length;
  if (remaining === 1 && experiment.reward === undefined) return { weights: [weight], reason };
  const leader: Leader = { kind: 'none', reason: '' };
  const weights = experiment.candidates.map((_, index) =>
    Math.min(weight, ceilingFor({ index, leader, remaining }, experiment)),
  );
  return { weights, reason: `first step, ${weights.map((percent) => `${percent} %`).join(', ')}` };
}

/** The highest weights that candidates climb to, percent. */
export interface HighestWeights {
  /** Of each while no version leads. */
  readonly each: number;
  /** Once a candidate leads by its reward; absent without a reward. */
  readonly leading?: { readonly leader: number; readonly others: number };
}

/** The weights up to which the candidates climb if none of them is eliminated. */
export function highestWeights(experiment: Experiment): HighestWeights {
  const remaining = experiment.candidates.length;
  const isCompared = experiment.reward !== undefined || remaining > 1;
  if (!isCompared) return { each: highestWeight(experiment) };
  const each = ceilingFor({ index: 0, leader: { kind: 'none', reason: '' }, remaining }, experiment);
  if (experiment.reward === undefined) return { each };
  const leader: Leader = { kind: 'candidate', index: 0, name: '', reason: '' };
  const [own, others] = [0, 1].map((index) => ceilingFor({ index, leader, remaining }, experiment));
  return { each, leading: { leader: own ?? 0, others: others ?? 0 } };
}

interface CeilingInput {
  readonly index: number;
  readonly leader: Leader;
  /** The number of candidates that are still judged. */
  readonly remaining: number;
}

function ceilingFor({ index, leader, remaining }: CeilingInput, { weights }: Experiment): number {
  const most = Math.min(100, weights.maxCandidateWeight);
  const explored = Math.max(1, Math.floor((exploration * most) / (remaining + 1)));
  switch (leader.kind) {
    case 'none':
      return Math.max(1, Math.min(Math.floor(100 / (remaining + 1)), Math.floor(most / remaining)));
    case 'baseline':
      return Math.max(1, Math.min(failingWeight, Math.floor(most / remaining)));
    case 'candidate':
      return index === leader.index ? Math.max(1, most - explored * (remaining - 1)) : explored;
  }
}

interface Bound {
  readonly weight: number;
  readonly ceiling: number;
  readonly leader: Leader;
}

function bounded(judgement: IntervalJudgement, { weight, ceiling, leader }: Bound): IntervalJudgement {
  if (judgement.weight <= ceiling) return judgement;
  const move =
    ceiling === weight ? `stays at ${weight}` : `${ceiling > weight ? 'climbs' : 'drops'} ${weight} -> ${ceiling}`;
  return { ...judgement, weight: ceiling, reason: `${move}: ${leaderReason(leader)}` };
}

function leaderReason(leader: Leader): string {
  switch (leader.kind) {
    case 'none':
      return 'an even split until one version leads';
    case 'baseline':
      return `the baseline leads: ${leader.reason}`;
    case 'candidate':
      return `${leader.name} leads: ${leader.reason}`;
  }
}
