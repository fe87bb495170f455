import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failIncrements, logFailEvidence, logPassEvidence, shareInterval } from '../../../core/stats/bernoulli.ts';
import {
  requestCorrelation,
  latencyCorrelation,
  discounted,
  intervalDispersion,
  noSpread,
  ownDispersion,
  withInterval,
} from '../../../core/stats/dispersion.ts';
import { bucketAround, exceedances, sharedBoundaries, slowRequests } from '../../../core/stats/exceedance.ts';
import { disagreement, latencyCapMs, logGrowthAbove, logGrowthBelow } from '../../../core/stats/mean-betting.ts';
import { logConditional, relativeFailIncrements, relativePassIncrements } from '../../../core/stats/relative.ts';
import { addInterval, freshProcess, logEvidence } from '../../../core/stats/restarts.ts';
import { addDifference, fewestIntervals, noDifferences, sequentialT } from '../../../core/stats/sequential-t.ts';
import { binomial, burstyShare, seededRandom } from '../../../core/offline/random.ts';
import type { Random } from '../../../core/offline/random.ts';

const seed = 11;
const requests = fc.integer({ min: 1, max: 5000 });
const boundary = fc.double({ min: 0.001, max: 0.5, noNaN: true });
const errors = { falsePass: 0.05, falseFail: 0.05 };
const needed = Math.log(20);

function drawTrials(n: number, share: number): { requests: number; bad: number } {
  return { requests: n, bad: Math.min(n, Math.round(share * n)) };
}

describe('evidence about a share', () => {
  test('for a pass never falls with more good requests, and for a fail never rises', () => {
    fc.assert(
      fc.property(requests, fc.nat(500), fc.nat(50), boundary, (n, more, bad, m) => {
        const [fewer, many] = [
          { requests: n + bad, bad },
          { requests: n + bad + more, bad },
        ];
        expect(logPassEvidence(many, m)).toBeGreaterThanOrEqual(logPassEvidence(fewer, m) - 1e-9);
        expect(logFailEvidence(many, m)).toBeLessThanOrEqual(logFailEvidence(fewer, m) + 1e-9);
      }),
      { seed },
    );
  });

  test('for a pass falls with more bad requests of the same number, and rises with the boundary', () => {
    fc.assert(
      fc.property(requests, fc.double({ min: 0, max: 1, noNaN: true }), boundary, (n, share, m) => {
        const { bad } = drawTrials(n, share);
        const worse = { requests: n, bad: Math.min(n, bad + 1) };
        expect(logPassEvidence(worse, m)).toBeLessThanOrEqual(logPassEvidence({ requests: n, bad }, m) + 1e-9);
        expect(logFailEvidence(worse, m)).toBeGreaterThanOrEqual(logFailEvidence({ requests: n, bad }, m) - 1e-9);
        const higher = Math.min(0.9, m * 1.5);
        expect(logPassEvidence(worse, higher)).toBeGreaterThanOrEqual(logPassEvidence(worse, m) - 1e-9);
      }),
      { seed },
    );
  });

  test('suffices for a pass exactly when the upper bound is within the boundary', () => {
    fc.assert(
      fc.property(requests, fc.double({ min: 0, max: 0.2, noNaN: true }), boundary, (n, share, m) => {
        const trials = drawTrials(n, share);
        const { lower, upper } = shareInterval(trials, errors);
        // The bisection ends within 1e-15 of the bound.
        if (Math.abs(upper - m) < 1e-9) return;
        expect(logPassEvidence(trials, m) >= needed).toBe(upper <= m);
        expect(lower).toBeLessThanOrEqual(trials.bad / n);
        expect(upper).toBeGreaterThanOrEqual(trials.bad / n);
      }),
      { seed },
    );
  });

  test('is the same however its requests are cut into intervals, but for the restarts', () => {
    const whole = failIncrements({ requests: 300, bad: 9 }, 0.01);
    const parts = [failIncrements({ requests: 100, bad: 2 }, 0.01), failIncrements({ requests: 200, bad: 7 }, 0.01)];
    whole.forEach((log, index) => expect((parts[0]?.[index] ?? 0) + (parts[1]?.[index] ?? 0)).toBeCloseTo(log, 9));
  });
});

describe('the error bounds hold over all observations', () => {
  const observations = 60;
  const runs = 3000;
  // Three standard errors of a share of 5 % in so many runs.
  const allowed = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs);

  /** Whether a version exactly at the boundary passes at any of the observations. */
  function passes(random: Random): boolean {
    let trials = { requests: 0, bad: 0 };
    for (let observation = 0; observation < observations; observation += 1) {
      trials = { requests: trials.requests + 60, bad: trials.bad + binomial(random, 60, 0.015) };
      if (logPassEvidence(trials, 0.015) >= needed) return true;
    }
    return false;
  }

  test('a version exactly at the boundary passes in at most 5 % of runs', () => {
    const random = seededRandom(seed);
    let passed = 0;
    for (let run = 0; run < runs; run += 1) if (passes(random)) passed += 1;
    expect(passed / runs).toBeGreaterThan(0);
    expect(passed / runs).toBeLessThan(allowed);
  });

  test('a version exactly at the limit fails in at most 5 % of runs, restarts and all', () => {
    const random = seededRandom(seed);
    let failed = 0;
    for (let run = 0; run < runs; run += 1) {
      let process = freshProcess;
      for (let observation = 0; observation < observations; observation += 1) {
        process = addInterval(process, failIncrements({ requests: 60, bad: binomial(random, 60, 0.01) }, 0.01));
        if (logEvidence(process) < needed) continue;
        failed += 1;
        break;
      }
    }
    expect(failed / runs).toBeGreaterThan(0);
    expect(failed / runs).toBeLessThan(allowed);
  });
});

describe('the correlation of mean latencies', () => {
  /** Intervals of 100 requests with latencies around 50 ms, half of whose variance may be common to an interval. */
  function history(isBursty: boolean): readonly { requests: number; sumMs: number }[] {
    const random = seededRandom(seed);
    return Array.from({ length: 200 }, () => {
      const common = isBursty ? 20 * (random() - 0.5) : 0;
      const latencies = Array.from({ length: 100 }, () => 50 + common + 20 * (random() - 0.5));
      return { requests: 100, sumMs: latencies.reduce((sum, one) => sum + one, 0) };
    });
  }
  const ownVariance = 20 ** 2 / 12;

  test('is about 0 where requests are independent, and the common part of the variance where they are not', () => {
    expect(latencyCorrelation(history(false), ownVariance)).toBeLessThan(0.01);
    expect(latencyCorrelation(history(true), 2 * ownVariance)).toBeCloseTo(0.5, 1);
  });

  test('is not known from few intervals', () => {
    expect(latencyCorrelation(history(false).slice(0, 49), ownVariance)).toBeUndefined();
  });
});

describe('restarts', () => {
  test('find a version that turns bad sooner than its good past would let them', () => {
    const good = { requests: 1000, bad: 2 };
    let process = freshProcess;
    for (let interval = 0; interval < 6; interval += 1) process = addInterval(process, failIncrements(good, 0.01));
    const bad = { requests: 200, bad: 14 };
    process = addInterval(process, failIncrements(bad, 0.01));
    const cumulative = logFailEvidence({ requests: 6 * good.requests + 200, bad: 6 * good.bad + 14 }, 0.01);
    expect(logEvidence(process)).toBeGreaterThan(needed);
    expect(cumulative).toBeLessThan(0);
  });
});

describe('requests over a latency limit', () => {
  const buckets = [
    { le: 50, count: 10 },
    { le: 100, count: 90 },
    { le: null, count: 100 },
  ];

  test.each([
    ['on a boundary are exact', 100, { requests: 100, atMost: 10, atLeast: 10 }],
    ['inside a bucket are an interval', 80, { requests: 100, atMost: 90, atLeast: 10 }],
    ['beyond the last boundary are not known to be over it', 200, { requests: 100, atMost: 10, atLeast: 0 }],
    ['below the first boundary', 20, { requests: 100, atMost: 100, atLeast: 90 }],
  ])('%s', (_, limit, expected) => expect(exceedances(buckets, limit)).toEqual(expected));

  test('a limit inside a bucket is found with its neighbours', () => {
    expect(bucketAround([50, 100, null], 80)).toEqual({ lower: 50, upper: 100 });
    expect(bucketAround([50, 100, null], 100)).toBeUndefined();
    expect(bucketAround([50, 100, null], 500)).toEqual({ lower: 100, upper: null });
  });
});

describe('slow requests of two versions', () => {
  const fast = {
    buckets: [
      { le: 10, count: 4 },
      { le: 50, count: 9 },
      { le: null, count: 10 },
    ],
  };

  test('are compared at boundaries that both have', () => {
    const other = {
      buckets: [
        { le: 20, count: 2 },
        { le: 50, count: 5 },
        { le: 100, count: 5 },
        { le: null, count: 8 },
      ],
    };
    expect(sharedBoundaries(fast, other)).toEqual([50]);
    expect(sharedBoundaries(fast, { buckets: [] })).toEqual([]);
    expect([fast, other].map((one) => slowRequests(one, 50))).toEqual([
      { requests: 10, bad: 1 },
      { requests: 8, bad: 3 },
    ]);
  });

  test('are none where there is no such boundary', () => {
    expect(slowRequests(fast, undefined)).toEqual({ requests: 0, bad: 0 });
  });
});

describe('the bound on mean latency', () => {
  const boundaries = [5, 10, 20, 40, 60, 80, 100, 150, 200, 500, 1000, 2000];
  const latencies = fc.array(fc.double({ min: 0.1, max: 1900, noNaN: true }), { minLength: 1, maxLength: 60 });

  function latencyInterval(values: readonly number[]) {
    const buckets = [...boundaries, null].map((le) => ({
      le,
      count: values.filter((value) => le === null || value <= le).length,
    }));
    return { buckets, sumMs: values.reduce((sum, value) => sum + value, 0) };
  }

  test('is never above the growth that the requests themselves give', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 10, max: 200, noNaN: true }), (values, limitMs) => {
        const interval = latencyInterval(values);
        const [capMs, bet] = [2000, 0.3];
        const below = { boundaryMs: limitMs, capMs, bet: bet / (capMs - limitMs) };
        const truth = (growth: (x: number) => number): number => values.reduce((sum, x) => sum + growth(x), 0);
        const growthBelow = (x: number): number => Math.log1p(below.bet * (limitMs - Math.min(x, capMs)));
        const growthAbove = (x: number): number => Math.log1p((bet / limitMs) * (x - limitMs));
        expect(logGrowthBelow(interval, below)).toBeLessThanOrEqual(truth(growthBelow) + 1e-9);
        expect(logGrowthAbove(interval, { limitMs, bet: bet / limitMs })).toBeLessThanOrEqual(
          truth(growthAbove) + 1e-9,
        );
        expect(disagreement(interval)).toBeUndefined();
      }),
      { seed },
    );
  });

  test('is capped at the first boundary from 40 times the limit on, so that hangs count', () => {
    expect(latencyCapMs([...boundaries, null], 50)).toBe(2000);
    expect(latencyCapMs([...boundaries, null], 100)).toBe(2000);
    expect(latencyCapMs([null], 50)).toBeUndefined();
  });

  test('is refused where sum and buckets cannot belong together', () => {
    const torn = {
      buckets: [
        { le: 10, count: 5 },
        { le: null, count: 5 },
      ],
      sumMs: 60,
    };
    expect(disagreement(torn)).toBe('the sum of 60 ms is more than the 50 ms of its buckets');
  });
});

describe('relative evidence', () => {
  const share = fc.nat(20);

  test('says nothing where one version had no requests, or neither an error', () => {
    const trials = { candidate: { requests: 0, bad: 0 }, baseline: { requests: 100, bad: 3 } };
    const flawless = { candidate: { requests: 50, bad: 0 }, baseline: { requests: 100, bad: 0 } };
    for (const paired of [trials, flawless]) {
      expect(relativePassIncrements(paired, 1.5).every((log) => log === 0)).toBe(true);
      expect(relativeFailIncrements(paired, 1).every((log) => log === 0)).toBe(true);
    }
  });

  test('grows with each error that moves from the baseline to the candidate', () => {
    fc.assert(
      fc.property(share, share, (ofCandidate, ofBaseline) => {
        const paired = (moved: number) => ({
          candidate: { requests: 200, bad: ofCandidate + moved },
          baseline: { requests: 300, bad: ofBaseline + 1 - moved },
        });
        const [before = 0, after = 0] = [
          relativeFailIncrements(paired(0), 1)[2],
          relativeFailIncrements(paired(1), 1)[2],
        ];
        expect(after).toBeGreaterThan(before);
      }),
      { seed },
    );
  });

  test('changes over to its limit for very many errors without a jump', () => {
    const paired = (bad: number) => ({
      candidate: { requests: 1_000_000, bad },
      baseline: { requests: 1_000_000, bad },
    });
    const at = (bad: number): number => logConditional(paired(bad), 1.25) - logConditional(paired(bad), 1);
    expect(at(2501) / at(2499)).toBeCloseTo(1, 1);
  });
});

describe('dispersion', () => {
  test('learns the correlation of bursts from the baseline, and none from independent requests', () => {
    const random = seededRandom(seed);
    const history = (correlation: number) =>
      Array.from({ length: 4000 }, () => ({
        requests: 200,
        bad: binomial(random, 200, burstyShare(random, 0.02, correlation)),
      }));
    expect(requestCorrelation(history(0.02))).toBeCloseTo(0.02, 2);
    expect(requestCorrelation(history(0))).toBeLessThan(0.001);
  });

  test('needs 50 intervals with requests', () => {
    const interval = { requests: 100, bad: 1 };
    expect(requestCorrelation(Array.from({ length: 49 }, () => interval))).toBeUndefined();
    expect(requestCorrelation(Array.from({ length: 50 }, () => interval))).toBe(0);
    expect(requestCorrelation(Array.from({ length: 60 }, () => ({ requests: 0, bad: 0 })))).toBeUndefined();
  });

  test('makes requests worth less, never more', () => {
    expect(intervalDispersion(101, 0.01)).toBeCloseTo(2, 9);
    expect(intervalDispersion(1, 0.5)).toBe(1);
    expect(discounted({ requests: 200, bad: 4 }, 2)).toEqual({ requests: 100, bad: 2 });
  });

  test('of the intervals themselves is drawn towards 1', () => {
    const bursts = [0, 0, 0, 20, 0, 0, 0, 20].map((bad) => ({ requests: 200, bad }));
    const spread = bursts.reduce(withInterval, noSpread);
    expect(ownDispersion(spread)).toBeGreaterThan(5);
    expect(ownDispersion(withInterval(noSpread, { requests: 200, bad: 20 }))).toBe(1);
  });
});

describe('the sequential t', () => {
  const of = (values: readonly number[]) => sequentialT(values.reduce(addDifference, noDifferences));

  test('needs five intervals, and then takes the side of the mean', () => {
    const below = [-3, -2.5, -3.5, -3, -2.8, -3.1, -2.9];
    expect(of(below.slice(0, fewestIntervals - 1))).toEqual({ logPass: 0, logFail: 0 });
    expect(of(below).logPass).toBeGreaterThan(needed);
    expect(of(below).logFail).toBe(0);
    expect(of(below.map((value) => -value)).logFail).toBeCloseTo(of(below).logPass, 9);
  });
});
