import type { IterationRecord } from '../planner/experiment-state.ts';

/**
 * Formats what an iteration did to the candidates' weights: `10 % -> 20 %`, several separated by commas; empty where
 * no traffic is moved.
 */
export function formatStep({ weightsBefore, weightsAfter }: IterationRecord): string {
  const [before, after] = [formatWeights(weightsBefore), formatWeights(weightsAfter)];
  return before === after ? after : `${before} -> ${after}`;
}

/** Formats weights, `10 %, 20 %`. */
export function formatWeights(weights: readonly number[]): string {
  return weights.map((weight) => `${weight} %`).join(', ');
}

/** Formats the requests of the judged versions in the interval; `unavailable` when it was blind. */
export function formatRequests({ requests }: IterationRecord): string {
  return requests === undefined ? 'unavailable' : requests.join(', ');
}
