import { describe, expect, test } from 'vitest';
import {
  addCounts,
  formatBoundaries,
  haveSameBoundaries,
  subtractCounts,
} from '../../../core/measurements/counters.ts';
import { type Counts, noCounts } from '../../../core/measurements/measurement.ts';

const first: Counts = {
  requests: 10,
  errors5xx: 1,
  errorsNot2xx: 2,
  latencySumMs: 120.5,
  buckets: [
    { le: 5, count: 4 },
    { le: 10, count: 9 },
    { le: null, count: 10 },
  ],
};
const second: Counts = {
  requests: 3,
  errors5xx: 0,
  errorsNot2xx: 1,
  latencySumMs: 9.5,
  buckets: [
    { le: 5, count: 1 },
    { le: 10, count: 3 },
    { le: null, count: 3 },
  ],
};
const otherBoundaries: Counts = {
  ...second,
  buckets: [
    { le: 5, count: 1 },
    { le: 25, count: 3 },
    { le: null, count: 3 },
  ],
};

describe('addCounts', () => {
  test('sums every count and the cumulative buckets boundary by boundary', () => {
    expect(addCounts(first, second)).toEqual({
      requests: 13,
      errors5xx: 1,
      errorsNot2xx: 3,
      latencySumMs: 130,
      buckets: [
        { le: 5, count: 5 },
        { le: 10, count: 12 },
        { le: null, count: 13 },
      ],
    });
  });

  test.each([
    { name: 'on the left', a: noCounts, b: first },
    { name: 'on the right', a: first, b: noCounts },
  ])('adds nothing for a window without requests $name', ({ a, b }) => {
    expect(addCounts(a, b)).toEqual(first);
  });

  test.each([
    { name: 'another boundary', other: otherBoundaries },
    { name: 'fewer boundaries', other: { ...second, buckets: second.buckets.slice(1) } },
    { name: 'more boundaries', other: { ...second, buckets: [{ le: 1, count: 0 }, ...second.buckets] } },
  ])('refuses histograms with $name, naming both', ({ other }) => {
    expect(() => addCounts(first, other)).toThrow(
      `cannot add histograms with boundaries [5, 10, +Inf] and [${formatBoundaries(other.buckets)}] ms`,
    );
    expect(haveSameBoundaries(first, other)).toBe(false);
  });
});

describe('haveSameBoundaries', () => {
  test('accepts equal boundaries, and counts without buckets', () => {
    expect(haveSameBoundaries(first, second)).toBe(true);
    expect(haveSameBoundaries(first, noCounts)).toBe(true);
    expect(haveSameBoundaries(noCounts, first)).toBe(true);
  });
});

describe('subtractCounts', () => {
  test('is the reverse of addCounts', () => {
    expect(subtractCounts(addCounts(first, second), first)).toEqual(second);
    expect(subtractCounts(first, noCounts)).toEqual(first);
  });

  test('leaves nothing of what is equal', () => {
    expect(subtractCounts(first, first)).toEqual(noCounts);
  });

  test('is negative where the earlier one has more', () => {
    expect(subtractCounts(second, first)).toMatchObject({ requests: -7, errors5xx: -1 });
  });
});
