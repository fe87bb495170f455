import type { Bucket } from './measurement.ts';

/**
 * The quantile of a cumulative histogram in milliseconds, by the rule of Prometheus' `histogram_quantile`: linear
 * interpolation inside the bucket that holds the rank `quantile * requests`, the lowest bucket beginning at 0.
 *
 * A rank in the `+Inf` bucket reads as the highest finite boundary. `undefined` without requests or finite boundaries.
 * `quantile` is in (0, 1).
 */
export function histogramQuantile(quantile: number, buckets: readonly Bucket[]): number | undefined {
  const requests = buckets.at(-1)?.count ?? 0;
  if (requests === 0) return undefined;
  const rank = quantile * requests;
  let lower = { le: 0, count: 0 };
  for (const { le, count } of finiteBuckets(buckets)) {
    if (count >= rank) return lower.le + ((le - lower.le) * (rank - lower.count)) / (count - lower.count);
    lower = { le, count };
  }
  return lower.le === 0 ? undefined : lower.le;
}

/**
 * Whether the quantile lies beyond the highest finite boundary, so that its point value is only a lower bound.
 * False without requests.
 */
export function isBeyondLastBoundary(quantile: number, buckets: readonly Bucket[]): boolean {
  const requests = buckets.at(-1)?.count ?? 0;
  return requests > 0 && (finiteBuckets(buckets).at(-1)?.count ?? 0) < quantile * requests;
}

function finiteBuckets(buckets: readonly Bucket[]): readonly { readonly le: number; readonly count: number }[] {
  return buckets.flatMap(({ le, count }) => (le === null ? [] : [{ le, count }]));
}
