import { expect, test } from 'vitest';
import { addCounts } from '../../core/measurements/counters.ts';
import { readFortioReport } from '../../formats/fortio-report.ts';

function report(codes: object, intervals: readonly (readonly [number, number])[]): string {
  const Data = intervals.map(([End, Count]) => ({ Start: 0, End, Percent: 0, Count }));
  const Count = intervals.reduce((sum, [, count]) => sum + count, 0);
  return JSON.stringify({ RetCodes: codes, DurationHistogram: { Count, Sum: 0.5, Data } });
}

function countWithin(counts: ReturnType<typeof readFortioReport>, le: number | null): number | undefined {
  return counts?.buckets.find((bucket) => bucket.le === le)?.count;
}

test('counts answers by their class, and no answer as the worst', () => {
  const counts = readFortioReport(
    report({ '200': 90, '204': 1, '302': 2, '404': 3, '503': 4, '-1': 5 }, [[0.001, 105]]),
  );
  expect(counts).toMatchObject({ requests: 105, errors5xx: 9, errorsNot2xx: 14, latencySumMs: 500 });
});

test('has cumulative buckets in milliseconds; the slowest request counts below the next boundary', () => {
  const counts = readFortioReport(
    report({ '200': 10 }, [
      [0.011, 4],
      [0.012, 3],
      [0.0131, 2],
      [150, 1],
    ]),
  );
  expect([10, 11, 12, 14, 100_000, null].map((le) => countWithin(counts, le))).toEqual([0, 4, 7, 9, 9, 10]);
});

test('adds up with another report', () => {
  const [a, b] = [report({ '200': 1 }, [[0.0042, 1]]), report({ '200': 2 }, [[0.73, 2]])].map(readFortioReport);
  const sum = a && b && addCounts(a, b);
  expect([5, 800, null].map((le) => countWithin(sum, le))).toEqual([1, 3, 3]);
});

test('of no requests has no buckets', () => {
  const text = JSON.stringify({ RetCodes: {}, DurationHistogram: { Count: 0, Sum: 0, Data: null } });
  expect(readFortioReport(text)).toMatchObject({ requests: 0, buckets: [] });
});

test.each(['', 'no JSON', '{}', '[]'])('%j is no report', (text) => {
  expect(readFortioReport(text)).toBeUndefined();
});
