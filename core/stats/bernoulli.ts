import { leastRequests } from './least-requests.ts';
import { logMeanExp } from './log-space.ts';

/** Requests, and how many of them were bad. Both are fractions where they are discounted. */
export interface Trials {
  readonly requests: number;
  readonly bad: number;
}

/** Odds multipliers of the alternatives: the candidate is better than the boundary. */
export const passGrid = [0, 0.25, 0.5, 0.75, 0.9] as const;

/** Odds multipliers of the alternatives: the candidate is worse than the boundary. */
export const failGrid = [1.25, 1.6, 2.5, 5, 15, 60] as const;

/**
 * The log likelihood ratio of the share whose odds are `r` times those of `boundary`, against `boundary` itself.
 *
 * For r < 1 it is a supermartingale while the true share is at least the boundary, for r > 1 while it is at most that,
 * also when the share changes with time and when the number of requests was chosen from the past.
 */
export function logLikelihoodRatio({ requests, bad }: Trials, boundary: number, r: number): number {
  return (bad === 0 ? 0 : bad * Math.log(r)) - requests * Math.log1p(boundary * (r - 1));
}

/** Log evidence that the share of bad requests is below the boundary: an e-process against "at least the boundary". */
export function logPassEvidence(trials: Trials, boundary: number): number {
  return logMeanExp(passGrid.map((r) => logLikelihoodRatio(trials, boundary, r)));
}

/** Log evidence that the share of bad requests is above the boundary, without restarts. */
export function logFailEvidence(trials: Trials, boundary: number): number {
  return logMeanExp(failIncrements(trials, boundary));
}

/** What one interval adds to each alternative of the fail grid. */
export function failIncrements(trials: Trials, boundary: number): readonly number[] {
  return failGrid.map((r) => logLikelihoodRatio(trials, boundary, r));
}

/** The errors that a verdict may have: a bad version promoted, a good version failed. Each in (0, 1). */
export interface ErrorBounds {
  readonly falsePass: number;
  readonly falseFail: number;
}

/** Bounds on the share of bad requests, which hold at every observation. */
export interface ShareInterval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Bounds on the share that hold at every observation, each with its own error: the boundaries that the evidence just rejects.
 * `upper <= boundary` is equivalent to "the evidence for a pass at this boundary suffices".
 */
export function shareInterval(trials: Trials, { falsePass, falseFail }: ErrorBounds): ShareInterval {
  if (trials.requests === 0) return { lower: 0, upper: 1 };
  const estimate = Math.min(1, trials.bad / trials.requests);
  const passes = (boundary: number): boolean => logPassEvidence(trials, boundary) >= -Math.log(falsePass);
  const fails = (boundary: number): boolean => logFailEvidence(trials, boundary) >= -Math.log(falseFail);
  return {
    lower: estimate === 0 ? 0 : bisect({ holds: 0, fails: estimate }, fails),
    upper: estimate === 1 ? 1 : bisect({ holds: 1, fails: estimate }, passes),
  };
}

const bisections = 60;

/** Finds the end of the region in which the condition holds, between a point where it holds and one where it fails. */
function bisect(ends: { readonly holds: number; readonly fails: number }, condition: (x: number) => boolean): number {
  let { holds, fails } = ends;
  for (let step = 0; step < bisections; step += 1) {
    const middle = (holds + fails) / 2;
    if (condition(middle)) holds = middle;
    else fails = middle;
  }
  return holds;
}

/**
 * How many more requests a pass would need if the estimate were the truth; infinite where it never would.
 * A share of 0 is assumed where there is no request yet.
 */
export function requestsUntilPass({ requests, bad }: Trials, boundary: number, falsePass: number): number {
  const share = requests === 0 ? 0 : bad / requests;
  return leastRequests((more) => {
    const then = { requests: requests + more, bad: bad + more * share };
    return logPassEvidence(then, boundary) >= -Math.log(falsePass);
  });
}
