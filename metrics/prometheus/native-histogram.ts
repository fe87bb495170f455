import type { NativeBucket, NativeHistogram, Series } from './prometheus.ts';

/** What native histograms are turned into. */
export interface ClassicShape {
  /** The histogram's name without `_bucket`, `_sum` and `_count`. */
  readonly family: string;
  /** The boundaries of its classic form, in its own unit, ascending. */
  readonly bounds: readonly number[];
  /** Milliseconds in one unit. */
  readonly msPerUnit: number;
}

/**
 * Turns native histograms into the series of classic ones, so that one reader counts both.
 *
 * Classic histograms that are stored with custom buckets keep their boundaries: exact. Empty buckets are not in the answer, hence
 * the boundaries come from the shape. Exponential ones get boundaries that all of their finer resolutions have, so that the counts at
 * them are exact, and do not change when Prometheus coarsens a histogram; what lies between two of them is a bound. Requests in a bucket that
 * is coarser still count at its upper end.
 */
export function toClassicSeries(found: readonly Series[], shape: ClassicShape): readonly Series[] {
  const native = found.filter(({ histograms = [] }) => histograms.length > 0);
  const all = native.flatMap(({ histograms = [] }) => histograms);
  const bounds = haveBounds(all, shape.bounds) ? shape.bounds : exponentialBounds(shape.msPerUnit);
  return native.flatMap((series) => classicSeries(series, { ...shape, bounds }));
}

function classicSeries({ labels, histograms = [] }: Series, { family, bounds }: ClassicShape): readonly Series[] {
  const part = (suffix: string, value: (histogram: NativeHistogram) => number, more = {}): Series => ({
    labels: { ...labels, __name__: `${family}_${suffix}`, ...more },
    samples: histograms.map((histogram) => ({ atMs: histogram.atMs, value: value(histogram) })),
  });
  return [
    ...bounds.map((bound) => part('bucket', ({ buckets }) => countUntil(bound, buckets), { le: String(bound) })),
    part('bucket', ({ count }) => count, { le: '+Inf' }),
    part('sum', ({ sum }) => sum),
    part('count', ({ count }) => count),
  ];
}

function countUntil(bound: number, buckets: readonly NativeBucket[]): number {
  return buckets.reduce((sum, { upper, count }) => (isAtMost(upper, bound) ? sum + count : sum), 0);
}

/** Whether the histograms have custom buckets of these boundaries. */
function haveBounds(histograms: readonly NativeHistogram[], bounds: readonly number[]): boolean {
  const known = [0, ...bounds];
  const isKnown = (boundary: number): boolean =>
    !Number.isFinite(boundary) || known.some((one) => isAtMost(boundary, one) && isAtMost(one, boundary));
  return histograms.every(({ buckets }) => buckets.every(({ lower, upper }) => isKnown(lower) && isKnown(upper)));
}

/** Floating-point boundaries are written with 17 digits by some and with fewer by others. */
function isAtMost(a: number, b: number): boolean {
  return a <= b + Math.abs(b) * 1e-9;
}

const boundsPerDoubling = 4;
const doublings = 16;

/** Powers of the fourth root of 2 (schema 2 of native histograms), from 1 ms to a minute. */
function exponentialBounds(msPerUnit: number): readonly number[] {
  const smallest = msPerUnit === 1 ? 1 : 2 ** -10;
  return Array.from(
    { length: doublings * boundsPerDoubling + 1 },
    (_, index) => smallest * 2 ** (index / boundsPerDoubling),
  );
}
