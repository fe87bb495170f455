import type { Assessment } from './assessment.ts';
import type { Experiment } from './experiment.ts';
import type { Measurement } from './measurement.ts';

/** The candidate's weight, in whole percent, and why. */
export interface WeightDecision {
  readonly weight: number;
  readonly reason: string;
}

export interface NextWeightInput {
  readonly experiment: Experiment;
  readonly assessment: Assessment;
  /** The interval that the assessment ends with. */
  readonly measurement: Measurement;
  /** The candidate's weight now, percent. */
  readonly weight: number;
}

/** The weight that a failing candidate keeps, so that it can recover; the first step where that is smaller. */
const failingWeight = 5;

/** The weight that Running begins with: one increment within the maximum, at least 1 % and at most 100 %. */
export function firstWeight({ weights }: Pick<Experiment, 'weights'>): number {
  return Math.max(1, Math.min(weights.maxCandidateWeightIncrement, weights.maxCandidateWeight, 100));
}

/**
 * The candidate's next weight: one increment up to the maximum, unless something speaks against it.
 *
 * Not measured, an `error`, a suspect estimate or an interval without candidate requests hold the weight; a fail drops
 * it to `min(5, first step)`, from where it may recover; `undecided` alone does not hold it. FixedSplit never shifts.
 */
export function nextWeight(input: NextWeightInput): WeightDecision {
  return keepSplit(input) ?? dropForFailure(input) ?? holdForDoubt(input) ?? climb(input);
}

/**
 * Whole percents that sum to 100 in the proportion of the shares, by largest remainder; ties go to the earlier share.
 * Throws unless all shares are finite and not negative, and one is positive.
 */
export function splitWeights(shares: readonly number[]): readonly number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (!Number.isFinite(total) || total <= 0 || shares.some((share) => !(share >= 0))) {
    throw new Error(`cannot split 100 % by shares [${shares.join(', ')}]: expected non-negative numbers, one positive`);
  }
  const exact = shares.map((share) => (share / total) * 100);
  const missing = 100 - exact.reduce((sum, percent) => sum + Math.floor(percent), 0);
  const byRemainder = exact.map((_, index) => index).sort((a, b) => remainderAt(exact, b) - remainderAt(exact, a));
  const raised = new Set(byRemainder.slice(0, missing));
  return exact.map((percent, index) => Math.floor(percent) + (raised.has(index) ? 1 : 0));
}

function remainderAt(percents: readonly number[], index: number): number {
  return (percents[index] ?? 0) % 1;
}

function keepSplit({ experiment, weight }: NextWeightInput): WeightDecision | undefined {
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

function holdForDoubt({ assessment, measurement, weight }: NextWeightInput): WeightDecision | undefined {
  const doubt = doubtOf(assessment, measurement);
  return doubt === undefined ? undefined : { weight, reason: `held at ${weight}: ${doubt}` };
}

function doubtOf({ objectives }: Assessment, measurement: Measurement): string | undefined {
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
      return measurement.candidate.requests === 0 ? 'no candidate request in the interval' : undefined;
    }
  }
}

function climb({ experiment, weight }: NextWeightInput): WeightDecision {
  const { maxCandidateWeight, maxCandidateWeightIncrement } = experiment.weights;
  const ceiling = Math.max(firstWeight(experiment), Math.min(maxCandidateWeight, 100));
  const next = Math.min(weight + maxCandidateWeightIncrement, ceiling);
  if (next > weight) return { weight: next, reason: `climbs ${weight} -> ${next}` };
  if (next < weight) return { weight: next, reason: `drops ${weight} -> ${next}: the maximum is ${ceiling}` };
  const limit = weight === ceiling ? `the maximum is ${ceiling}` : `the increment is ${maxCandidateWeightIncrement}`;
  return { weight, reason: `stays at ${weight}: ${limit}` };
}
