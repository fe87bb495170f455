import { expect, test } from 'vitest';
import type { Counts, RunMeasurement } from '../../../core/measurements/measurement.ts';
import { observeStore } from '../../support/observed-store.ts';
import type { Lateness, Timing } from '../../support/observed-store.ts';

const lags = [0, 5_000, 15_000, 20_000, 25_000, 60_000];
const latenesses: readonly Lateness[] = ['constant', 'by scrape', 'by series', 'outage', 'outage of a pod'];
const skews = [0, 5 * 60_000, -5 * 60_000];
const intervals = [10_000, 12_000, 60_000];
const scrapes = [1_000, 5_000, 10_000, 15_000];

/** Every lag with every interval and every scrape; each way of coming late and each clock with each of them. */
const timings: readonly Timing[] = lags.flatMap((lagMs, lag) =>
  intervals.flatMap((intervalMs, interval) =>
    scrapes.map((scrapeMs, scrape) => ({
      lagMs,
      lateness: latenesses[(lag + 2 * interval + scrape) % latenesses.length] ?? 'constant',
      skewMs: skews[(lag + interval + scrape) % skews.length] ?? 0,
      intervalMs,
      scrapeMs,
    })),
  ),
);

function least({ requests, errors5xx, errorsNot2xx, latencySumMs, buckets }: Counts): number {
  return Math.min(requests, errors5xx, errorsNot2xx, latencySumMs, ...buckets.map(({ count }) => count));
}

function allCounts(measurement: RunMeasurement): readonly Counts[] {
  return measurement.kind === 'measured' ? [measurement.baseline, ...measurement.candidates] : [];
}

test.each(timings)(
  'counts each request once: $lagMs ms late ($lateness), clock $skewMs ms, interval $intervalMs ms, scrape $scrapeMs ms',
  async (timing) => {
    const { counted, answered, measurements } = await observeStore(timing);
    expect(answered[1]?.requests).toBeGreaterThan(100);
    expect(counted).toEqual(answered);
    expect(Math.min(...measurements.flatMap(allCounts).map(least))).toBe(0);
    expect(measurements.filter(({ kind }) => kind === 'error')).toEqual([]);
  },
);
