import { parseJson } from '../core/text/json.ts';
import { z } from 'zod';
import type { Bucket, Counts } from '../core/measurements/measurement.ts';

/** The parts of Fortio's JSON report that are counted; its latencies are in seconds. */
const report = z.object({
  RetCodes: z.record(z.string(), z.number().int().nonnegative()),
  DurationHistogram: z.object({
    Count: z.number().int().nonnegative(),
    Sum: z.number(),
    Data: z
      .array(z.object({ End: z.number(), Count: z.number().int().nonnegative() }))
      .nullable()
      .optional(),
  }),
});

/** Fortio's own boundaries in milliseconds at a resolution of 1 ms (`-r 0.001`), the same in every report, so that reports add up. */
const boundaries = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100],
  [120, 140, 160, 180, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1_000],
  [2_000, 3_000, 4_000, 5_000, 7_500, 10_000, 20_000, 30_000, 40_000, 50_000, 75_000, 100_000],
].flat();

/**
 * Reads the counts of a version's answers from the report of `fortio load -json`; undefined when the text is no such report.
 */
export function readFortioReport(text: string): Counts | undefined {
  const reading = report.safeParse(parseJson(text));
  if (!reading.success) return undefined;
  const { RetCodes, DurationHistogram } = reading.data;
  const codes = Object.entries(RetCodes).map(([code, count]) => ({ code: Number(code), count }));
  const requests = sum(codes);
  return {
    requests,
    // A request without an answer, -1 in the report, counts as a 5xx.
    errors5xx: sum(codes.filter(({ code }) => code >= 500 || code < 100)),
    errorsNot2xx: sum(codes.filter(({ code }) => code < 200 || code >= 300)),
    latencySumMs: DurationHistogram.Sum * 1000,
    buckets: requests === 0 ? [] : latencyBuckets(DurationHistogram.Data ?? [], requests),
  };
}

/**
 * Cumulative buckets at the boundaries. The last interval of a report ends at the slowest request, not at a boundary: it
 * counts below the next one.
 */
function latencyBuckets(
  intervals: readonly { readonly End: number; readonly Count: number }[],
  requests: number,
): readonly Bucket[] {
  const counted = boundaries.map((le) => {
    const within = intervals.filter(({ End }) => End * 1000 <= nextAfter(le));
    return { le, count: sum(within.map(({ Count: count }) => ({ count }))) };
  });
  return [...counted, { le: null, count: requests }];
}

/** A value just above the boundary: seconds times 1000 are not exact in binary. */
function nextAfter(le: number): number {
  return le * (1 + 1e-9);
}

function sum(counted: readonly { readonly count: number }[]): number {
  return counted.reduce((total, { count }) => total + count, 0);
}
