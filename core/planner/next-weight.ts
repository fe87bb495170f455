import type { Assessment } from '../verdicts/assessment.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { restsOnRequests } from '../measurements/load-test.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Counts, Measurement } from '../measurements/measurement.ts';
import { riskBudgetWeight } from './risk-budget.ts';

/** The candidate's weight, in whole percent, and why. */
export interface WeightDecision {
  readonly weight: number;
  readonly reason: string;
}

/** An assessed interval, and the weight that the candidate had in it. */
export interface NextWeightInput {
  readonly experiment: Experiment;
  readonly assessment: Assessment;
  /** The interval that the assessment ends with. */
  readonly measurement: Measurement;
  /** The candidate's weight now, percent. */
  readonly weight: number;
  /** What the candidate has answered so far, the interval included; absent: the interval alone. */
  readonly candidate?: Counts;
  /** Requests of both versions in the latest intervals. */
  readonly recentRequests?: readonly number[];
}

/** The weight that a failing candidate keeps so that it can recover, percent; the first step is kept where it is smaller. */
export const failingWeight = 5;

/** The weight that Running begins with: the first step or one increment, within the maximum, at least 1 % and at most 100 %. */
export function firstWeight(experiment: Pick<Experiment, 'weights' | 'analysis' | 'deploymentPattern'>): number {
  const { weights, deploymentPattern } = experiment;
  const increment =
    deploymentPattern === 'BlueGreen' ? weights.maxCandidateWeight : weights.maxCandidateWeightIncrement;
  const first = experiment.analysis.steps?.[0] ?? increment;
  return Math.max(1, Math.min(first, weights.maxCandidateWeight, 100));
}

/**
 * The first step and why: the first weight, or less where a risk budget allows no more at the requests that an
 * interval brings.
 */
export function firstStep(experiment: Experiment, requestsPerInterval: number | undefined): WeightDecision {
  const first = firstWeight(experiment);
  if (requestsPerInterval === undefined) return { weight: first, reason: `first step, ${first} %` };
  const budget = riskBudgetWeight({ experiment, candidate: noCounts, requestsPerInterval });
  if (budget === undefined || budget >= first) return { weight: first, reason: `first step, ${first} %` };
  return { weight: budget, reason: `first step, ${budget} %: the risk budget allows no more` };
}

/**
 * The candidate's next weight: one increment up to the maximum, unless something forbids it.
 *
 * Not measured, an `error`, a suspect estimate or an interval without candidate requests hold the weight; a fail drops
 * it to `min(5, first step)`, from where it may recover; `undecided` alone does not hold it. A risk budget may allow less than
 * the step, and less than there is. FixedSplit never shifts, BlueGreen begins with the maximum.
 */
export function nextWeight(input: NextWeightInput): WeightDecision {
  return keepSplit(input) ?? withinBudget(input, dropForFailure(input) ?? holdForDoubt(input) ?? climb(input));
}

function keepSplit({ experiment, weight }: NextWeightInput): WeightDecision | undefined {
  if (experiment.testingPattern === 'Conformance') return { weight, reason: 'a conformance test moves no traffic' };
  if (experiment.deploymentPattern !== 'FixedSplit') return undefined;
  return { weight, reason: `stays at ${weight}: the deployment pattern is FixedSplit` };
}

function dropForFailure({ experiment, assessment, weight }: NextWeightInput): WeightDecision | undefined {
  const reasons = assessment.objectives.filter(({ candidate }) => candidate === 'fail').map(({ reason }) => reason);
  if (reasons.length === 0) return undefined;
  const floor = Math.min(failingWeight, firstWeight(experiment));
  if (weight <= floor) return { weight, reason: `held at ${weight}: failed: ${reasons.join('; ')}` };
  return { weight: floor, reason: `drops ${weight} -> ${floor}: failed: ${reasons.join('; ')}` };
}

function holdForDoubt(input: NextWeightInput): WeightDecision | undefined {
  const { experiment, assessment, measurement, weight } = input;
  const doubt = holdReason(experiment, assessment, measurement);
  if (doubt === undefined) return undefined;
  const floor = Math.min(failingWeight, firstWeight(experiment));
  const isSuspect = assessment.objectives.some(({ suspect }) => suspect);
  if (isSuspect && weight > floor && experiment.analysis.onSuspect === 'backoff') {
    return { weight: floor, reason: `backs off ${weight} -> ${floor}: ${doubt}` };
  }
  return { weight, reason: `held at ${weight}: ${doubt}` };
}

function holdReason(experiment: Experiment, { objectives }: Assessment, measurement: Measurement): string | undefined {
  switch (measurement.kind) {
    case 'blind':
      return `blind: ${measurement.reason}`;
    case 'error':
      return `not measured: ${measurement.reason}`;
    case 'measured': {
      const errors = objectives.filter(({ candidate }) => candidate === 'error');
      if (errors.length > 0) return `not measured: ${errors.map(({ reason }) => reason).join('; ')}`;
      const suspects = objectives.filter(({ suspect }) => suspect);
      if (suspects.length > 0) return suspects.map(({ reason }) => reason).join('; ');
      const isIdle = measurement.candidate.requests === 0 && restsOnRequests(experiment);
      return isIdle ? 'no candidate request in the interval' : undefined;
    }
  }
}

function climb({ experiment, weight }: NextWeightInput): WeightDecision {
  const { maxCandidateWeightIncrement } = experiment.weights;
  const ceiling = highestWeight(experiment);
  const next = Math.min(nextStep(experiment, weight), ceiling);
  if (next > weight) return { weight: next, reason: `climbs ${weight} -> ${next}` };
  if (next < weight) return { weight: next, reason: `drops ${weight} -> ${next}: the maximum is ${ceiling}` };
  const { steps } = experiment.analysis;
  if (steps !== undefined && weight < ceiling) return { weight, reason: `stays at ${weight}: the last step` };
  const limit = weight === ceiling ? `the maximum is ${ceiling}` : `the increment is ${maxCandidateWeightIncrement}`;
  return { weight, reason: `stays at ${weight}: ${limit}` };
}

/** The highest weight that the candidate may climb to. */
export function highestWeight(experiment: Experiment): number {
  return Math.max(firstWeight(experiment), Math.min(experiment.weights.maxCandidateWeight, 100));
}

/** The weight one step above, whatever the ceiling; unchanged above the last of the listed steps. */
export function nextStep(experiment: Experiment, weight: number): number {
  const { steps } = experiment.analysis;
  if (steps === undefined) return weight + experiment.weights.maxCandidateWeightIncrement;
  return steps.find((percent) => percent > weight) ?? weight;
}

/** Lowers a decision to what the risk budget allows. */
function withinBudget(input: NextWeightInput, decision: WeightDecision): WeightDecision {
  const { experiment, measurement, weight, candidate, recentRequests = [] } = input;
  if (measurement.kind !== 'measured') return decision;
  const requestsPerInterval = Math.max(
    ...recentRequests,
    measurement.baseline.requests + measurement.candidate.requests,
  );
  const counts = candidate ?? measurement.candidate;
  const budget = riskBudgetWeight({ experiment, candidate: counts, requestsPerInterval });
  if (budget === undefined || budget >= decision.weight) return decision;
  const move =
    budget === weight ? `held at ${weight}` : `${budget > weight ? 'climbs' : 'drops'} ${weight} -> ${budget}`;
  const otherwise = decision.weight > weight ? '' : `; else ${decision.reason}`;
  return { weight: budget, reason: `${move}: the risk budget allows no more${otherwise}` };
}
