import { describe, expect, test } from 'vitest';
import {
  failGrid,
  failIncrements,
  logFailEvidence,
  logLikelihoodRatio,
  logPassEvidence,
  passGrid,
  shareInterval,
} from '../../../core/stats/bernoulli.ts';
import {
  addLogs,
  logBetEvidence,
  logGrowthAbove,
  logGrowthBelow,
  meanFailIncrements,
  meanPassIncrements,
} from '../../../core/stats/mean-betting.ts';
import { logConditional, relativeFailIncrements, relativePassIncrements } from '../../../core/stats/relative.ts';
import { addInterval, freshProcess, logEvidence } from '../../../core/stats/restarts.ts';
import { logTEvidence } from '../../../core/stats/sequential-t.ts';
import { logGamma } from '../../../core/stats/special-functions.ts';

/** Reference values computed with scipy and numpy, to the digits that they were printed with. */
const bounds = { falsePass: 0.05, falseFail: 0.05 };

describe('Bernoulli evidence', () => {
  test.each([
    [0, 0, 0.01, 0, 0],
    [300, 0, 0.01, 2.0262335836, -2.2217835015],
    [500, 1, 0.01, 1.4359041715, -2.611539382],
    [1000, 2, 0.015, 7.0235861925, -5.0796097137],
    [1000, 5, 0.01, 0.7901541852, -3.0726800619],
    [100, 5, 0.01, -1.5984128069, 2.7472757345],
    [20, 3, 0.01, -1.3140764575, 4.0370873764],
    [4000, 150, 0.05, 5.6061266392, -18.0103067663],
    [4000, 260, 0.05, -8.9530046533, 6.5481622897],
    [1_000_000, 9000, 0.01, 50.6462547507, -490.3799962285],
  ])('%i requests, %i bad, boundary %f: pass %f, fail %f', (requests, bad, boundary, pass, fail) => {
    expect(logPassEvidence({ requests, bad }, boundary)).toBeCloseTo(pass, 9);
    expect(logFailEvidence({ requests, bad }, boundary)).toBeCloseTo(fail, 9);
  });

  test.each([
    [0, 0, 1, 0],
    [300, 0, 0.01381411, 0],
    [500, 1, 0.01500177, 0],
    [1000, 2, 0.00925808, 0.00008498],
    [1000, 5, 0.01431851, 0.00090623],
    [100, 5, 0.13734807, 0.00923961],
    [20, 3, 0.4579973, 0.0154761],
    [4000, 150, 0.04721754, 0.02884308],
    [4000, 260, 0.07794536, 0.05358569],
    [1_000_000, 9000, 0.00952396, 0.00802205],
    [1000, 0, 0.00416281, 0],
    [1000, 20, 0.03586983, 0.00945523],
    [14_400, 90, 0.00841952, 0.00443267],
    [50, 10, 0.39192257, 0.07047431],
  ])('%i requests, %i bad: share at most %f, at least %f', (requests, bad, upper, lower) => {
    const interval = shareInterval({ requests, bad }, bounds);
    expect(interval.upper).toBeCloseTo(upper, 8);
    expect(interval.lower).toBeCloseTo(lower, 8);
  });

  test('bounds a share at another error', () => {
    expect(shareInterval({ requests: 300, bad: 0 }, { ...bounds, falsePass: 0.2 }).upper).toBeCloseTo(0.00824385, 8);
  });

  test.each([
    [1000, 5, 0.5, 1.5468059207],
    [1000, 0, 0, 10.0503358535],
    [1000, 5, 0, -Infinity],
    [100, 5, 15, 0.4374247649],
  ])('likelihood ratio of %i requests, %i bad, odds times %f', (requests, bad, r, expected) => {
    const log = logLikelihoodRatio({ requests, bad }, 0.01, r);
    if (Number.isFinite(expected)) expect(log).toBeCloseTo(expected, 9);
    else expect(log).toBe(expected);
  });

  test('has the grids that the bounds were measured with', () => {
    expect([passGrid, failGrid]).toEqual([
      [0, 0.25, 0.5, 0.75, 0.9],
      [1.25, 1.6, 2.5, 5, 15, 60],
    ]);
  });
});

describe('restarts', () => {
  test.each([
    [
      0.01,
      [
        [100, 0],
        [100, 1],
        [100, 6],
      ],
      [-0.4601494401, -0.7568323948, 2.2970318284],
    ],
    [
      0.05,
      [
        [200, 4],
        [240, 6],
        [260, 40],
        [0, 0],
      ],
      [-0.6569283722, -1.3396215028, 13.9211262066, 13.9211262066],
    ],
  ] as const)('at boundary %f', (boundary, intervals, expected) => {
    let process = freshProcess;
    const logs = intervals.map(([requests, bad]) => {
      process = addInterval(process, failIncrements({ requests, bad }, boundary));
      return logEvidence(process);
    });
    logs.forEach((log, index) => expect(log).toBeCloseTo(expected[index] ?? Number.NaN, 9));
  });
});

describe('relative evidence', () => {
  test.each([
    [2, 2.2011473768],
    [0.5, -2.7229644877],
    [1.5, 1.3636299711],
  ])('of 5 of 40 against 2 of 160 at odds ratio %f', (psi, expected) => {
    const trials = { candidate: { requests: 40, bad: 5 }, baseline: { requests: 160, bad: 2 } };
    expect(logConditional(trials, psi) - logConditional(trials, 1)).toBeCloseTo(expected, 9);
  });

  test('of a ramp, interval by interval', () => {
    const intervals = [
      [12, 228, 1, 2],
      [36, 204, 3, 1],
      [60, 180, 0, 2],
      [84, 156, 6, 1],
    ] as const;
    let [pass, fail]: (readonly number[])[] = [[], []];
    const logs = intervals.map(([candidateRequests, baselineRequests, candidateBad, baselineBad]) => {
      const trials = {
        candidate: { requests: candidateRequests, bad: candidateBad },
        baseline: { requests: baselineRequests, bad: baselineBad },
      };
      pass = addLogs(pass ?? [], relativePassIncrements(trials, 1.5));
      fail = addLogs(fail ?? [], relativeFailIncrements(trials, 1));
      return [logBetEvidence(pass), logBetEvidence(fail)];
    });
    const expected = [
      [-0.4432284967, 0.7678118105],
      [-1.1537447747, 3.6943495099],
      [-1.0170970872, 1.8822287136],
      [-1.6280963277, 5.2403526944],
    ];
    logs.flat().forEach((log, index) => expect(log).toBeCloseTo(expected.flat()[index] ?? Number.NaN, 9));
  });
});

describe('the increments of mean latency', () => {
  const cumulative = (edges: readonly number[], counts: readonly number[]) => {
    let count = 0;
    return counts.map((inBucket, index) => ({ le: edges[index] ?? null, count: (count += inBucket) }));
  };

  test('of five buckets', () => {
    const interval = { buckets: cumulative([20, 40, 60, 100, 500], [10, 50, 30, 8, 2]), sumMs: 3700 };
    const below = logGrowthBelow(interval, { bet: 0.0008, boundaryMs: 50, capMs: 500 });
    const above = logGrowthAbove(interval, { bet: 0.006, limitMs: 30 });
    expect(below).toBeCloseTo(0.843852061627, 10);
    expect(above).toBeCloseTo(0.766975240202, 10);
  });

  test.each([
    [[0, 4, 20, 40, 25, 8, 2, 1, 0, 0], 3600, 0.408557418407, -2.366281618843],
    [[0, 4, 20, 40, 25, 8, 2, 0, 0, 1], 6600, -0.077673910942, -2.355927422343],
  ])('of Knative buckets %j with the sum %f', (counts, sumMs, pass, fail) => {
    const interval = { buckets: cumulative([5, 10, 20, 40, 60, 80, 100, 150, 2000], counts), sumMs };
    expect(meanPassIncrements(interval, { boundaryMs: 62.5, capMs: 2000 })[1]).toBeCloseTo(pass, 10);
    expect(meanFailIncrements(interval, 50)[1]).toBeCloseTo(fail, 10);
  });

  test('of a higher stake', () => {
    const counts = [0, 4, 20, 40, 25, 8, 2, 1, 0, 0];
    const interval = { buckets: cumulative([5, 10, 20, 40, 60, 80, 100, 150, 2000], counts), sumMs: 3600 };
    expect(meanFailIncrements(interval, 50)[2]).toBeCloseTo(-10.295457165721, 10);
  });
});

describe('special functions', () => {
  test.each([
    [0.5, 0.572364942925],
    [3.7, 1.428072326665],
    [100, 359.134205369575],
    [1e6, 12815504.569147611],
  ])('ln Γ(%f)', (z, expected) =>
    expect(Math.abs(logGamma(z) - expected)).toBeLessThan(1e-11 * Math.max(10, expected)),
  );
});

describe('the sequential t', () => {
  test.each([
    [12, 3, 1.9383319823],
    [12, 5, 4.8645512204],
    [30, 3.5, 3.3653219069],
  ])('of %i values at t = %f', (count, t, expected) => expect(logTEvidence(t, count)).toBeCloseTo(expected, 9));
});
