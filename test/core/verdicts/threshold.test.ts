import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Objective } from '../../../core/experiment/experiment.ts';
import { hasEnoughSamples, judgeByThreshold } from '../../../core/verdicts/threshold.ts';
import { someCounts } from '../../support/builders.ts';

const settings = { minSamples: 100, tolerance: 0.5, errorClass: '5xx', metrics: {} } as const;
const errorRate: Objective = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true };
const meanLatency: Objective = { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false };
const tailLatency: Objective = { metric: '95th-percentile-tail-latency', upperLimit: 100, rollbackOnFailure: false };

describe('judgeByThreshold', () => {
  test.each([
    {
      name: 'passes below the upper limit',
      objective: errorRate,
      counts: someCounts({ requests: 4120, errors: 4 }),
      expected: { verdict: 'pass', reason: 'error-rate 0.001 <= limit 0.010, 4120 requests', suspect: false },
    },
    {
      name: 'passes on the upper limit, which is inclusive',
      objective: errorRate,
      counts: someCounts({ requests: 1000, errors: 10 }),
      expected: { verdict: 'pass', reason: 'error-rate 0.010 <= limit 0.010, 1000 requests', suspect: false },
    },
    {
      name: 'fails above the upper limit',
      objective: errorRate,
      counts: someCounts({ requests: 1000, errors: 11 }),
      expected: { verdict: 'fail', reason: 'error-rate 0.011 > limit 0.010, 1000 requests', suspect: false },
    },
    {
      name: 'is suspect beyond the tolerance',
      objective: errorRate,
      counts: someCounts({ requests: 1000, errors: 16 }),
      expected: { verdict: 'fail', reason: 'error-rate 0.016 > limit 0.010, 1000 requests', suspect: true },
    },
    {
      name: 'is undecided below the minimum of samples',
      objective: errorRate,
      counts: someCounts({ requests: 37 }),
      expected: { verdict: 'undecided', reason: '37 of 100 requests', suspect: false },
    },
    {
      name: 'is undecided and suspect when few requests look bad',
      objective: errorRate,
      counts: someCounts({ requests: 37, errors: 3 }),
      expected: {
        verdict: 'undecided',
        reason: '37 of 100 requests, suspect: error-rate 0.081 > limit 0.010 by more than 50 %',
        suspect: true,
      },
    },
    {
      name: 'is undecided without requests, and not suspect',
      objective: meanLatency,
      counts: someCounts({ requests: 0 }),
      expected: { verdict: 'undecided', reason: '0 of 100 requests', suspect: false },
    },
    {
      name: 'passes on the lower limit, which is inclusive',
      objective: { metric: 'mean-latency', lowerLimit: 10, upperLimit: 50, rollbackOnFailure: false },
      counts: someCounts({ latencyMs: 10 }),
      expected: {
        verdict: 'pass',
        reason: 'mean-latency 10.0 ms >= limit 10.0 ms and mean-latency 10.0 ms <= limit 50.0 ms, 1000 requests',
        suspect: false,
      },
    },
    {
      name: 'fails below the lower limit and is suspect beyond the tolerance',
      objective: { metric: 'mean-latency', lowerLimit: 10, rollbackOnFailure: false },
      counts: someCounts({ latencyMs: 4 }),
      expected: { verdict: 'fail', reason: 'mean-latency 4.0 ms < limit 10.0 ms, 1000 requests', suspect: true },
    },
    {
      name: 'leaves a counter below its lower limit undecided, since it can grow',
      objective: { metric: 'request-count', lowerLimit: 5000, rollbackOnFailure: true },
      counts: someCounts({ requests: 1000 }),
      expected: { verdict: 'undecided', reason: 'request-count 1000 < limit 5000, 1000 requests', suspect: false },
    },
    {
      name: 'cannot compute a tail latency from a histogram without finite boundaries',
      objective: tailLatency,
      counts: { ...someCounts(), buckets: [{ le: null, count: 1000 }] },
      expected: {
        verdict: 'error',
        reason: '95th-percentile-tail-latency cannot be computed from the histogram, 1000 requests',
        suspect: false,
      },
    },
  ] as const)('$name', ({ objective, counts, expected }) => {
    expect(judgeByThreshold(objective, counts, settings)).toEqual(expected);
  });

  test.each([
    { name: 'fails under a limit within the histogram', upperLimit: 100, verdict: 'fail' },
    { name: 'fails under a limit on the last boundary', upperLimit: 1000, verdict: 'fail' },
    { name: 'cannot be compared with a limit beyond the histogram', upperLimit: 2000, verdict: 'error' },
    { name: 'passes over a lower limit within the histogram', lowerLimit: 1000, verdict: 'pass' },
    { name: 'cannot be compared with a lower limit beyond the histogram', lowerLimit: 1001, verdict: 'error' },
    { name: 'cannot be compared with limits on both sides', lowerLimit: 10, upperLimit: 2000, verdict: 'error' },
  ])('a tail latency beyond the last bucket $name', ({ verdict, name: _, ...limits }) => {
    const objective: Objective = { ...tailLatency, ...limits };
    const { upperLimit: __, ...withoutUpper } = objective;
    const judged = limits.upperLimit === undefined ? withoutUpper : objective;
    const judgement = judgeByThreshold(judged, someCounts({ latencyMs: 60_000 }), settings);
    expect(judgement.verdict).toBe(verdict);
    expect(judgement.reason).toContain('95th-percentile-tail-latency > 1000.0 ms (the last bucket), limit');
  });

  test('counts the errors of the chosen class', () => {
    const counts = { ...someCounts(), errors5xx: 0, errorsNot2xx: 500 };
    expect(judgeByThreshold(errorRate, counts, settings).verdict).toBe('pass');
    expect(judgeByThreshold(errorRate, counts, { ...settings, errorClass: 'not-2xx' }).verdict).toBe('fail');
  });

  test('is suspect by the tolerance of the experiment', () => {
    const counts = someCounts({ requests: 1000, errors: 16 });
    expect(judgeByThreshold(errorRate, counts, { ...settings, tolerance: 0.7 }).suspect).toBe(false);
  });

  test('never judges better when more of the same requests failed', () => {
    const rank = { fail: 0, error: 0, undecided: 1, pass: 2 } as const;
    const requests = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(requests, fc.nat(10_000), fc.nat(10_000), (total, a, b) => {
        const [fewer, more] = [Math.min(a, b, total), Math.min(Math.max(a, b), total)];
        const better = judgeByThreshold(errorRate, someCounts({ requests: total, errors: fewer }), settings);
        const worse = judgeByThreshold(errorRate, someCounts({ requests: total, errors: more }), settings);
        expect(rank[worse.verdict]).toBeLessThanOrEqual(rank[better.verdict]);
        expect(worse.suspect || !better.suspect).toBe(true);
      }),
      { seed: 4 },
    );
  });
});

describe('hasEnoughSamples', () => {
  test('needs the minimum, and at least one request', () => {
    expect(hasEnoughSamples(99, 100)).toBe(false);
    expect(hasEnoughSamples(100, 100)).toBe(true);
    expect(hasEnoughSamples(0, 0)).toBe(false);
    expect(hasEnoughSamples(1, 0)).toBe(true);
  });
});
