import { type Bucket, type Counts, noCounts } from './measurement.ts';

/**
 * Adds what one version answered in two windows.
 *
 * The cumulative buckets are summed boundary by boundary; counts without requests have none and add nothing.
 * Throws when the bucket boundaries differ: ask `haveSameBoundaries` first where that can happen.
 */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    requests: a.requests + b.requests,
    errors5xx: a.errors5xx + b.errors5xx,
    errorsNot2xx: a.errorsNot2xx + b.errorsNot2xx,
    latencySumMs: a.latencySumMs + b.latencySumMs,
    buckets: addBuckets(a.buckets, b.buckets),
    ...latestValues(a, b),
  };
}

/**
 * What a total has more than an earlier one of the same period; negative where the earlier one has more. Their boundaries must
 * agree: ask `haveSameBoundaries` first.
 */
export function subtractCounts(total: Counts, earlier: Counts): Counts {
  const negated = {
    requests: -earlier.requests,
    errors5xx: -earlier.errors5xx,
    errorsNot2xx: -earlier.errorsNot2xx,
    latencySumMs: -earlier.latencySumMs,
    buckets: earlier.buckets.map(({ le, count }) => ({ le, count: -count })),
  };
  const rest = addCounts(total, negated);
  const isNothing = rest.requests === 0 && rest.buckets.every(({ count }) => count === 0);
  return isNothing ? noCounts : { ...rest, latencySumMs: Math.max(0, toMicroseconds(rest.latencySumMs)) };
}

/** Rounds to microseconds: seconds as floating-point numbers do not add up to whole milliseconds. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Keeps the later value of each user-defined metric: its query decides which period it covers, so values are not added. */
function latestValues(a: Counts, b: Counts): Pick<Counts, 'values'> {
  return a.values === undefined && b.values === undefined ? {} : { values: { ...a.values, ...b.values } };
}

/** Whether two counts can be added: the same bucket boundaries, or one of them has no buckets. */
export function haveSameBoundaries(a: Counts, b: Counts): boolean {
  if (a.buckets.length === 0 || b.buckets.length === 0) return true;
  return (
    a.buckets.length === b.buckets.length && a.buckets.every((bucket, index) => bucket.le === b.buckets[index]?.le)
  );
}

/** The bucket boundaries in milliseconds, for people: `5, 10, 20, +Inf`. */
export function formatBoundaries(buckets: readonly Bucket[]): string {
  return buckets.map(({ le }) => (le === null ? '+Inf' : String(le))).join(', ');
}

function addBuckets(a: readonly Bucket[], b: readonly Bucket[]): readonly Bucket[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return a.map(({ le, count }, index) => {
    const other = b[index];
    if (a.length !== b.length || other?.le !== le) {
      throw new Error(`cannot add histograms with boundaries [${formatBoundaries(a)}] and [${formatBoundaries(b)}] ms`);
    }
    return { le, count: count + other.count };
  });
}
