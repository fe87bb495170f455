/** The values of a gauge, one an interval, minus its limit: how many, their sum, the sum of their squares. */
export interface Differences {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** The differences before the first interval. */
export const noDifferences: Differences = { count: 0, sum: 0, sumOfSquares: 0 };

/** Adds the value of one interval, minus its limit. */
export function addDifference({ count, sum, sumOfSquares }: Differences, value: number): Differences {
  return { count: count + 1, sum: sum + value, sumOfSquares: sumOfSquares + value * value };
}

/** The fewest intervals that say anything about their spread. */
export const fewestIntervals = 5;

/** Log evidence for a mean on either side of the limit. */
export interface TwoSidedEvidence {
  /** Below the limit. */
  readonly logPass: number;
  /** Above the limit. */
  readonly logFail: number;
}

/**
 * The sequential t-test with a Gaussian mixture over effects (right-Haar prior on the scale; Lai 1976, Wang and Ramdas,
 * arXiv 2310.03722). Approximate: it assumes roughly normal, independent values; prefer counts wherever there are some.
 */
export function sequentialT({ count, sum, sumOfSquares }: Differences): TwoSidedEvidence {
  if (count < fewestIntervals) return { logPass: 0, logFail: 0 };
  const mean = sum / count;
  const variance = Math.max(0, (sumOfSquares - count * mean * mean) / (count - 1));
  if (variance === 0) return oneSided(mean, mean === 0 ? 0 : Infinity);
  return oneSided(mean, logTEvidence(mean / Math.sqrt(variance / count), count));
}

/** The log evidence of a t statistic over n values against a mean of 0, with a mixture variance of 1. */
export function logTEvidence(t: number, count: number): number {
  const freedom = count - 1;
  const spread = 1 + count;
  const square = (t * t) / freedom;
  return -0.5 * Math.log1p(count) + 0.5 * count * (Math.log1p(square) - Math.log1p(square / spread));
}

function oneSided(mean: number, log: number): TwoSidedEvidence {
  return mean > 0 ? { logPass: 0, logFail: log } : { logPass: log, logFail: 0 };
}
