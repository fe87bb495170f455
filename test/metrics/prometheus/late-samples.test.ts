import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Checkpoint, Counts, RunMeasurement } from '../../../core/measurements/measurement.ts';
import { measureLag } from '../../../metrics/prometheus/lag.ts';
import { measure } from '../../../metrics/prometheus/measure.ts';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import { beginMs, observeStore, startPodStore, storeRevisions } from '../../support/observed-store.ts';
import type { Lateness, PodStore, Timing } from '../../support/observed-store.ts';
import type { ScriptedStore } from '../../support/scripted-store.ts';

const lags = [0, 5_000, 15_000, 20_000, 25_000, 60_000];
const latenesses: readonly Lateness[] = ['constant', 'by scrape', 'by series', 'outage', 'outage of a pod'];
const skews = [0, 5 * 60_000, -5 * 60_000];
const intervals = [10_000, 12_000, 60_000];
const scrapes = [15_000, 10_000, 5_000, 1_000];

/** Every lag with every interval and scrape, but the shortest of both; each way of coming late and each clock with each of them. */
const timings: readonly Timing[] = lags.flatMap((lagMs, lag) =>
  intervals.flatMap((intervalMs, interval) =>
    // So many samples take long to read, and the shortest interval reads them most often.
    scrapes.slice(0, intervalMs === 10_000 ? 3 : 4).map((scrapeMs, scrape) => ({
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

test.each([
  { lateness: 'outage of a pod', outageMs: 4.5 * 60_000 },
  { lateness: 'outage', outageMs: 15 * 60_000 },
  { lateness: 'filled in last', outageMs: 80_000 },
  { lateness: 'filled in last', outageMs: 8 * 60_000 },
] as const)('loses nothing in a long outage: $lateness, $outageMs ms', async (outage) => {
  const timing = { lagMs: 5_000, skewMs: 0, intervalMs: 12_000, scrapeMs: 10_000, trafficMs: 25 * 60_000 };
  const { counted, answered, measurements } = await observeStore({ ...timing, ...outage });
  expect(counted).toEqual(answered);
  expect(Math.min(...measurements.flatMap(allCounts).map(least))).toBe(0);
});

test.each(latenesses)('counts each request of native histograms once: 25 s late (%s)', async (lateness) => {
  const timing = { lagMs: 25_000, skewMs: 0, intervalMs: 12_000, scrapeMs: 10_000, shape: 'native' } as const;
  const { counted, answered, measurements } = await observeStore({ ...timing, lateness });
  const bounds = new Set([5, 10, null]);
  const shared = counted.map(({ buckets, ...counts }) => {
    return { ...counts, buckets: buckets.filter(({ le }) => bounds.has(le)) };
  });
  expect(answered[1]?.requests).toBeGreaterThan(100);
  expect(shared).toEqual(answered);
  expect(measurements.filter(({ kind }) => kind === 'error')).toEqual([]);
});

test.each([30_000, 3_000])(
  'counts each request once where a scrape is %i ms, and 10 s configured',
  async (scrapeMs) => {
    const timing = {
      lagMs: 0,
      lateness: 'constant',
      skewMs: 0,
      intervalMs: 60_000,
      configuredScrapeMs: 10_000,
    } as const;
    const { counted, answered } = await observeStore({ ...timing, scrapeMs });
    expect(answered[1]?.requests).toBeGreaterThan(100);
    expect(counted).toEqual(answered);
  },
);

describe('what an interval says', () => {
  const late: Timing = {
    lagMs: 20_000,
    lateness: 'constant',
    skewMs: 5 * 60_000,
    intervalMs: 12_000,
    scrapeMs: 10_000,
  };

  test('shows the lag and the difference of the clocks', async () => {
    const { measurements } = await observeStore(late);
    const visibilities = measurements.flatMap((measurement) =>
      'visibility' in measurement ? measurement.visibility : [],
    );
    const ages = visibilities.flatMap((visibility) => visibility?.lagMs ?? []).slice(0, 12);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(20_000);
    expect(Math.max(...ages)).toBeLessThanOrEqual(30_000);
    expect(new Set(visibilities.map((visibility) => visibility?.clockMs))).toEqual(new Set([5 * 60_000]));
  });

  test('is blind until a sample of it shows, and ends at the newest one, by the clock of the reader', async () => {
    const { measurements } = await observeStore(late);
    expect(measurements[0]).toMatchObject({
      kind: 'blind',
      reason:
        'no sample after 2026-11-29T10:00:00.000Z has shown until 2026-11-29T10:00:12.000Z, 12 s later: its requests will be ' +
        'counted when it shows; an interval should be longer than a scrape',
    });
    const windows = measurements.flatMap((one) => (one.kind === 'measured' ? [[one.fromMs, one.toMs] as const] : []));
    expect(windows[0]?.[0]).toBe(beginMs - late.skewMs);
    expect(windows.slice(1).map(([fromMs]) => fromMs)).toEqual(windows.slice(0, -1).map(([, toMs]) => toMs));
    const [, endMs = 0] = windows.at(-1) ?? [];
    expect(endMs).toBeLessThan(beginMs - late.skewMs + 10 * 60_000);
  });

  test('keeps what goes from one to the next small, whatever was read', async () => {
    const { measurements } = await observeStore(late);
    const sizes = measurements.map((one) => JSON.stringify((one.kind === 'measured' && one.checkpoint) || {}).length);
    expect(Math.max(...sizes)).toBeLessThan(600);
  });
});

describe('a store that shows less than it did', () => {
  const timing: Timing = { lagMs: 0, lateness: 'constant', skewMs: 0, intervalMs: 12_000, scrapeMs: 5_000 };
  let store: ScriptedStore;
  let answered: PodStore['answered'];
  beforeEach(async () => {
    ({ store, answered } = await startPodStore(timing));
  });
  afterEach(() => store.close());

  function measureAt(nowMs: number, checkpoint?: Checkpoint) {
    store.nowMs = nowMs;
    return measure({
      baseUrl: store.url,
      scrapeIntervalMs: timing.scrapeMs,
      target: { namespace: 'default', name: 'app' },
      revisions: storeRevisions,
      fromMs: beginMs,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      now: () => store.nowMs,
      signal: new AbortController().signal,
    });
  }

  async function checkpointAt(nowMs: number): Promise<Checkpoint> {
    const measurement = await measureAt(nowMs);
    if (measurement.kind !== 'measured' || measurement.checkpoint === undefined) throw new Error(measurement.kind);
    return measurement.checkpoint;
  }

  test('is blind when a part of it is missing, and goes on when that is back', async () => {
    const checkpoint = await checkpointAt(beginMs + 60_000);
    const { counted } = checkpoint;
    const more = counted.map((counts) => ({ ...counts, requests: counts.requests + 1000 }));
    expect(await measureAt(beginMs + 72_000, { ...checkpoint, counted: more })).toMatchObject({
      kind: 'blind',
      reason: expect.stringMatching(
        /^Prometheus shows less of revision app-v1 than it did: \d+ requests, and \d+ of the same time were seen before$/,
      ),
    });
    expect(await measureAt(beginMs + 72_000, checkpoint)).toMatchObject({ kind: 'measured' });
  });

  test('goes on with what is new where all that was counted is lost', async () => {
    const checkpoint = await checkpointAt(beginMs + 60_000);
    store.forget(beginMs + 61_000);
    const measurement = await measureAt(beginMs + 84_000, checkpoint);
    const [before, after] = [answered(storeRevisions, beginMs + 61_000), answered(storeRevisions, beginMs + 84_000)];
    expect(measurement.kind).toBe('measured');
    const requests = measurement.kind === 'measured' ? measurement.baseline.requests : 0;
    expect(requests).toBeGreaterThan(0);
    // The first scrapes only open what follows.
    expect(requests).toBeLessThan((before[0]?.requests ?? 0) - (after[0]?.requests ?? 0));
  });
});

describe('the lag of a store', () => {
  async function lagOf(
    lagMs: number,
    { limitMs = 12_000, scrapeMs = 10_000, outageMs = 0 } = {},
  ): Promise<readonly [number | undefined, number]> {
    const timing: Timing = { lagMs, lateness: 'outage', outageMs, skewMs: 0, intervalMs: limitMs, scrapeMs };
    const { store } = await startPodStore(timing);
    store.nowMs = beginMs + (outageMs === 0 ? 60_000 : 150_000);
    const startedMs = store.nowMs;
    const wait = async (ms: number): Promise<void> => {
      store.nowMs += ms;
    };
    const prometheus = connectPrometheus({ baseUrl: store.url, signal: new AbortController().signal, limitMs: 10_000 });
    const request = {
      namespace: 'default',
      revisions: storeRevisions,
      limitMs,
      scrapeIntervalMs: scrapeMs,
      now: () => store.nowMs,
      wait,
    };
    try {
      return [await measureLag(prometheus, request), store.nowMs - startedMs];
    } finally {
      await store.close();
    }
  }

  test.each([0, 5_000, 11_000])('%i ms is below an interval of 12 s', async (lagMs) => {
    expect((await lagOf(lagMs))[0]).toBeLessThan(12_000);
  });

  test.each([13_000, 15_000, 20_000, 25_000, 60_000])('%i ms is measured when the next samples show', async (lagMs) => {
    const [measuredMs, waitedMs] = await lagOf(lagMs);
    expect(measuredMs).toBeGreaterThanOrEqual(lagMs);
    expect(measuredMs).toBeLessThanOrEqual(lagMs + 1_000);
    expect(waitedMs).toBeLessThanOrEqual(40_000);
  });

  test('is not known while nothing new shows', async () => {
    const [measuredMs, waitedMs] = await lagOf(0, { outageMs: 10 * 60_000 });
    expect(measuredMs).toBeUndefined();
    expect(waitedMs).toBeLessThanOrEqual(41_000);
  });
});
