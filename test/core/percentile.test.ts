import { expect, test } from 'vitest';
import { boundariesOf } from '../../core/evidence.ts';
import { percentileMetrics } from '../../core/percentile.ts';
import { judgeByThreshold } from '../../core/objective.ts';

const buckets = [
  { le: 10, count: 500 },
  { le: 100, count: 985 },
  { le: null, count: 1000 },
];
const counts = { requests: 1000, errors5xx: 0, errorsNot2xx: 0, latencySumMs: 20_000, buckets };

function judge(metric: (typeof percentileMetrics)[number]) {
  const objective = { metric, upperLimit: 50, rollbackOnFailure: false } as const;
  return judgeByThreshold(objective, counts, { errorClass: '5xx', minSamples: 100, tolerance: 0.5 });
}

test.each([
  ['latency-50th-percentile', 'pass', 'latency-50th-percentile 10.0 ms <= limit 50.0 ms, 1000 requests'],
  ['latency-75th-percentile', 'fail', 'latency-75th-percentile 56.4 ms > limit 50.0 ms, 1000 requests'],
  ['latency-99th-percentile', 'fail', 'latency-99th-percentile > 100.0 ms (the last bucket), limit 50.0 ms'],
] as const)('%s is judged by its own quantile', (metric, verdict, reason) => {
  expect(judge(metric)).toMatchObject({ verdict, reason: expect.stringContaining(reason) });
});

test('every percentile is tested as the share of requests that may be slower', () => {
  const limits = percentileMetrics.map((metric) => {
    return [
      metric,
      boundariesOf({ metric, upperLimit: 50, rollbackOnFailure: false }, { tolerance: 0.5 }).limit.toFixed(6),
    ];
  });
  expect(Object.fromEntries(limits)).toEqual({
    '95th-percentile-tail-latency': '0.050000',
    'latency-50th-percentile': '0.500000',
    'latency-75th-percentile': '0.250000',
    'latency-90th-percentile': '0.100000',
    'latency-95th-percentile': '0.050000',
    'latency-99th-percentile': '0.010000',
  });
});
