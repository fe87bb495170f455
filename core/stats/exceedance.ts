import type { Bucket } from '../measurements/measurement.ts';
import type { Trials } from './bernoulli.ts';

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

/** Anything that has a histogram. */
interface Bucketed {
  readonly buckets: readonly Bucket[];
}

/** The finite boundaries that both histograms have, ascending; two versions can be compared at these. */
export function sharedBoundaries(one: Bucketed, other: Bucketed): readonly number[] {
  const others = new Set(other.buckets.map(({ le }) => le));
  return one.buckets.flatMap(({ le }) => (le !== null && others.has(le) ? [le] : []));
}

/** How many requests took longer than one of the histogram's own boundaries; none of none without a boundary. */
export function slowRequests({ buckets }: Bucketed, boundaryMs: number | undefined): Trials {
  if (boundaryMs === undefined) return { requests: 0, bad: 0 };
  const requests = buckets.at(-1)?.count ?? 0;
  const within = buckets.find(({ le }) => le === boundaryMs)?.count ?? 0;
  return { requests, bad: requests - within };
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
