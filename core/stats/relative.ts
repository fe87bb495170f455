import { logChoose } from './special-functions.ts';
import { logSumExp } from './log-space.ts';
import type { Trials } from './bernoulli.ts';

/** Both versions in one interval. */
export interface PairedTrials {
  readonly candidate: Trials;
  readonly baseline: Trials;
}

/** Odds ratios of the alternatives, as multiples of the boundary. */
const relativePassGrid = [0.25, 0.5, 0.75, 0.9] as const;
const relativeFailGrid = [1.25, 1.6, 2.5, 5, 15] as const;

/** Fewer and further alternatives for the question whether anything is wrong with the candidate alone: it has to be answered soon. */
const besideGrid = [1.6, 5, 15, 60] as const;

/** More bad requests than this in one interval are counted by the binomial limit, which costs no sum. */
const mostSummed = 5000;

/**
 * The log likelihood of the candidate's bad requests given those of both versions, for the odds ratio `psi` of candidate to
 * baseline, up to a term that does not depend on it: Fisher's noncentral hypergeometric distribution. The common rate
 * cancels, so it may differ from interval to interval.
 */
export function logConditional(trials: PairedTrials, psi: number): number {
  return conditionalLikelihood(trials)(psi);
}

/** The log likelihood as a function of the odds ratio: what does not depend on that is computed once. */
function conditionalLikelihood({ candidate, baseline }: PairedTrials): (psi: number) => number {
  const bad = candidate.bad + baseline.bad;
  if (bad === 0 || candidate.requests === 0 || baseline.requests === 0) return () => 0;
  if (bad > mostSummed) {
    const share = (psi: number): number =>
      (psi * candidate.requests + baseline.requests) / (candidate.requests + baseline.requests);
    return (psi) => candidate.bad * Math.log(psi) - bad * Math.log(share(psi));
  }
  const fewest = Math.max(0, bad - baseline.requests);
  const most = Math.min(bad, candidate.requests);
  const central = logCombinations({ candidate, baseline }, fewest, most);
  return (psi) => {
    const logPsi = Math.log(psi);
    return candidate.bad * logPsi - logSumExp(central.map((log, index) => log + (fewest + index) * logPsi));
  };
}

/** In how many ways so many of all bad requests may be the candidate's, from the fewest to the most, as logs: each follows from the one before. */
function logCombinations({ candidate, baseline }: PairedTrials, fewest: number, most: number): readonly number[] {
  const bad = candidate.bad + baseline.bad;
  let log = logChoose(candidate.requests, fewest) + logChoose(baseline.requests, bad - fewest);
  const logs = [log];
  for (let j = fewest; j + 1 <= most; j += 1) {
    const [left, leftBad] = [candidate.requests - j, bad - j];
    log += Math.log((left * leftBad) / ((j + 1) * (baseline.requests - leftBad + 1)));
    logs.push(log);
  }
  return logs;
}

/** What an interval adds, for each alternative, to the log evidence that the odds ratio is below the boundary. */
export function relativePassIncrements(trials: PairedTrials, boundary: number): readonly number[] {
  return increments(trials, boundary, relativePassGrid);
}

/** What an interval adds, for each alternative, to the log evidence that the odds ratio is above the boundary. */
export function relativeFailIncrements(trials: PairedTrials, boundary: number): readonly number[] {
  return increments(trials, boundary, relativeFailGrid);
}

/** What an interval adds, for each alternative, to the log evidence that the candidate is worse than the baseline. */
export function besideIncrements(trials: PairedTrials): readonly number[] {
  return increments(trials, 1, besideGrid);
}

function increments(trials: PairedTrials, boundary: number, grid: readonly number[]): readonly number[] {
  const likelihood = conditionalLikelihood(trials);
  const atBoundary = likelihood(boundary);
  return grid.map((multiple) => likelihood(boundary * multiple) - atBoundary);
}
