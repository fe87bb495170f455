import type { Trials } from './bernoulli.ts';

/** The fewest intervals of history that give an estimate. */
export const fewestHistoryIntervals = 50;

/**
 * The intraclass correlation of bad requests within an interval, from the baseline's history: 0 when they are independent.
 * `undefined` with fewer than 50 intervals that had requests, or without any bad or good request.
 */
export function requestCorrelation(history: readonly Trials[]): number | undefined {
  const intervals = history.filter(({ requests }) => requests > 0);
  if (intervals.length < fewestHistoryIntervals) return undefined;
  return correlationBehind(pearsonDispersion(intervals), intervals);
}

/** The latencies of one interval of the history. */
export interface LatencyTrials {
  readonly requests: number;
  readonly sumMs: number;
}

/**
 * The intraclass correlation of latencies within an interval: how much more the means of intervals differ than those
 * of independent requests with this variance (ms²), that of all requests together. `undefined` with fewer than 50
 * intervals that had requests, or without variance.
 */
export function latencyCorrelation(history: readonly LatencyTrials[], variance: number): number | undefined {
  const intervals = history.filter(({ requests }) => requests > 0);
  if (intervals.length < fewestHistoryIntervals || variance <= 0) return undefined;
  const requests = intervals.reduce((sum, one) => sum + one.requests, 0);
  const mean = intervals.reduce((sum, one) => sum + one.sumMs, 0) / requests;
  const squares = intervals.map((one) => (one.sumMs - one.requests * mean) ** 2 / (one.requests * variance));
  return correlationBehind(squares.reduce((sum, square) => sum + square, 0) / (intervals.length - 1), intervals);
}

function correlationBehind(
  dispersion: number | undefined,
  intervals: readonly { readonly requests: number }[],
): number | undefined {
  if (dispersion === undefined) return undefined;
  const meanRequests = intervals.reduce((sum, { requests }) => sum + requests, 0) / intervals.length;
  return meanRequests <= 1 ? 0 : Math.min(1, Math.max(0, (dispersion - 1) / (meanRequests - 1)));
}

/** How many requests of an interval are worth one independent request, at least 1. */
export function intervalDispersion(requests: number, correlation: number): number {
  return Math.max(1, 1 + (requests - 1) * correlation);
}

/** Discounts trials by their dispersion: dividing a likelihood ratio's exponent keeps it a supermartingale (Jensen). */
export function discounted({ requests, bad }: Trials, dispersion: number): Trials {
  return { requests: requests / dispersion, bad: bad / dispersion };
}

/** Pearson's statistic by its degrees of freedom: 1 for independent requests, more for bursts. */
function pearsonDispersion(intervals: readonly Trials[]): number | undefined {
  const requests = intervals.reduce((sum, one) => sum + one.requests, 0);
  const share = intervals.reduce((sum, one) => sum + one.bad, 0) / requests;
  if (share <= 0 || share >= 1) return undefined;
  const squares = intervals.map((one) => (one.bad - one.requests * share) ** 2 / (one.requests * share * (1 - share)));
  return squares.reduce((sum, square) => sum + square, 0) / (intervals.length - 1);
}

/** The statistics of the intervals of one version that its own dispersion is computed from; sums, so that they stay small. */
export interface Spread {
  readonly intervals: number;
  readonly requests: number;
  readonly bad: number;
  /** Σ bad² / requests. */
  readonly squares: number;
}

/** The statistics before the first interval. */
export const noSpread: Spread = { intervals: 0, requests: 0, bad: 0, squares: 0 };

/** Adds an interval that has at least one request. */
export function withInterval(spread: Spread, { requests, bad }: Trials): Spread {
  return {
    intervals: spread.intervals + 1,
    requests: spread.requests + requests,
    bad: spread.bad + bad,
    squares: spread.squares + (bad * bad) / requests,
  };
}

/** The intervals of independent requests that are assumed beside the measured ones. */
const pseudoIntervals = 2;

/** Pearson's dispersion of the intervals so far, drawn towards 1 by two intervals of independent requests; at least 1. */
export function ownDispersion({ intervals, requests, bad, squares }: Spread): number {
  const share = requests === 0 ? 0 : bad / requests;
  if (intervals < 2 || share <= 0 || share >= 1) return 1;
  const pearson = (squares - (bad * bad) / requests) / (share * (1 - share));
  return Math.max(1, (pearson + pseudoIntervals) / (intervals - 1 + pseudoIntervals));
}
