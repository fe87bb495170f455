import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../../core/measurements/measurement.ts';
import { histogramQuantile, isBeyondLastBoundary } from '../../../core/measurements/quantile.ts';

function cumulative(boundaries: readonly (number | null)[], counts: readonly number[]): readonly Bucket[] {
  let sum = 0;
  return boundaries.map((le, index) => ({ le, count: (sum += counts[index] ?? 0) }));
}

describe('histogramQuantile', () => {
  // Reference values: the rule of histogram_quantile, https://prometheus.io/docs/prometheus/latest/querying/functions/,
  // lower + (upper - lower) * (rank - cumulative count below) / (count in the bucket).
  test.each([
    { name: 'inside a bucket', quantile: 0.95, counts: [0, 90, 10, 0], expected: 15 },
    { name: 'in the lowest bucket, from 0', quantile: 0.95, counts: [100, 0, 0, 0], expected: 4.75 },
    { name: 'on a boundary', quantile: 0.95, counts: [5, 90, 5, 0], expected: 10 },
    { name: 'over an empty bucket', quantile: 0.95, counts: [90, 0, 10, 0], expected: 15 },
    { name: 'of one request', quantile: 0.5, counts: [0, 0, 1, 0], expected: 15 },
    { name: 'in the +Inf bucket as the highest finite boundary', quantile: 0.95, counts: [90, 0, 0, 10], expected: 20 },
  ])('interpolates $name', ({ quantile, counts, expected }) => {
    expect(histogramQuantile(quantile, cumulative([5, 10, 20, null], counts))).toBeCloseTo(expected, 12);
  });

  test('has no value without requests or without a finite boundary', () => {
    expect(histogramQuantile(0.95, [])).toBeUndefined();
    expect(histogramQuantile(0.95, cumulative([5, null], [0, 0]))).toBeUndefined();
    expect(histogramQuantile(0.95, cumulative([null], [10]))).toBeUndefined();
  });

  test('lies in the bucket that holds the rank, and never falls when the quantile rises', () => {
    const boundaries = [5, 10, 20, 40, 100, null];
    const counts = fc.array(fc.nat(1000), { minLength: boundaries.length, maxLength: boundaries.length });
    const quantile = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(counts, quantile, quantile, (inBuckets, a, b) => {
        const buckets = cumulative(boundaries, inBuckets);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const lower = histogramQuantile(low, buckets);
        const upper = histogramQuantile(high, buckets);
        fc.pre(lower !== undefined && upper !== undefined);
        expect(lower).toBeLessThanOrEqual(upper);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeLessThanOrEqual(100);
      }),
      { seed: 20 },
    );
  });
});

describe('isBeyondLastBoundary', () => {
  test('distinguishes a quantile in the +Inf bucket from one on the last boundary', () => {
    expect(isBeyondLastBoundary(0.95, cumulative([5, 10, null], [0, 95, 5]))).toBe(false);
    expect(isBeyondLastBoundary(0.95, cumulative([5, 10, null], [0, 94, 6]))).toBe(true);
    expect(isBeyondLastBoundary(0.95, [])).toBe(false);
  });
});
