import type { IterationRecord } from '../planner/experiment-state.ts';

/** What an iteration did to the candidates' weights: `10 % -> 20 %`, several divided by commas; empty where no traffic is moved. */
export function formatStep({ weightsBefore, weightsAfter }: IterationRecord): string {
  const [before, after] = [formatWeights(weightsBefore), formatWeights(weightsAfter)];
  return before === after ? after : `${before} -> ${after}`;
}

export function formatWeights(weights: readonly number[]): string {
  return weights.map((weight) => `${weight} %`).join(', ');
}

/** The requests of the judged versions in the interval. */
export function formatRequests({ requests }: IterationRecord): string {
  return requests === undefined ? 'unavailable' : requests.join(', ');
}
