import type { Bucket } from '../measurements/measurement.ts';

/** How many requests took longer than a limit, as far as the buckets show. */
export interface Exceedances {
  readonly requests: number;
  /** All that may have been over the limit: what a pass has to assume. */
  readonly atMost: number;
  /** Those that were over the limit for certain: what a fail may rest on. */
  readonly atLeast: number;
}

/** Counts the requests over a limit in milliseconds. A limit inside a bucket leaves an interval. */
export function exceedances(buckets: readonly Bucket[], limitMs: number): Exceedances {
  const requests = buckets.at(-1)?.count ?? 0;
  const below = buckets.findLast(({ le }) => le !== null && le <= limitMs)?.count ?? 0;
  const above = buckets.find(({ le }) => le === null || le >= limitMs)?.count ?? 0;
  return { requests, atMost: requests - below, atLeast: requests - above };
}

/** The boundaries around a limit that lies inside a bucket; `undefined` for a limit on a boundary, and without buckets. */
export function bucketAround(
  boundaries: readonly (number | null)[],
  limitMs: number,
): { readonly lower: number; readonly upper: number | null } | undefined {
  if (boundaries.length === 0 || boundaries.includes(limitMs)) return undefined;
  const lower = boundaries.findLast((le) => le !== null && le < limitMs) ?? 0;
  const upper = boundaries.find((le) => le === null || le > limitMs) ?? null;
  return { lower, upper };
}
