import { describe, expect, test } from 'vitest';
import { builtInMetrics } from '../../../core/experiment/metric.ts';
import { type Counts, noCounts } from '../../../core/measurements/measurement.ts';
import { metricValue } from '../../../core/measurements/metric-value.ts';

const counts: Counts = {
  requests: 200,
  errors5xx: 4,
  errorsNot2xx: 10,
  latencySumMs: 2500,
  buckets: [
    { le: 10, count: 100 },
    { le: 20, count: 180 },
    { le: 40, count: 200 },
    { le: null, count: 200 },
  ],
};

describe('metricValue', () => {
  test.each([
    { metric: 'request-count', errorClass: '5xx', expected: 200 },
    { metric: 'mean-latency', errorClass: '5xx', expected: 12.5 },
    { metric: '95th-percentile-tail-latency', errorClass: '5xx', expected: 30 },
    { metric: 'latency-50th-percentile', errorClass: '5xx', expected: 10 },
    { metric: 'latency-75th-percentile', errorClass: '5xx', expected: 16.25 },
    { metric: 'latency-90th-percentile', errorClass: '5xx', expected: 20 },
    { metric: 'latency-95th-percentile', errorClass: '5xx', expected: 30 },
    { metric: 'latency-99th-percentile', errorClass: '5xx', expected: 38 },
    { metric: 'error-count', errorClass: '5xx', expected: 4 },
    { metric: 'error-count', errorClass: 'not-2xx', expected: 10 },
    { metric: 'error-rate', errorClass: '5xx', expected: 0.02 },
    { metric: 'error-rate', errorClass: 'not-2xx', expected: 0.05 },
  ] as const)('computes $metric with $errorClass as errors', ({ metric, errorClass, expected }) => {
    expect(metricValue(metric, counts, errorClass)).toBeCloseTo(expected, 12);
  });

  test('counts zero without requests, and has no rate and no latency then', () => {
    expect(builtInMetrics.map((metric) => [metric, metricValue(metric, noCounts, '5xx')])).toEqual([
      ['request-count', 0],
      ['mean-latency', undefined],
      ['95th-percentile-tail-latency', undefined],
      ['latency-50th-percentile', undefined],
      ['latency-75th-percentile', undefined],
      ['latency-90th-percentile', undefined],
      ['latency-95th-percentile', undefined],
      ['latency-99th-percentile', undefined],
      ['error-count', 0],
      ['error-rate', undefined],
    ]);
  });

  test('takes the mean of the requests whose latency is known, and has none where none is', () => {
    const untimed = { ...counts, requests: 300 };
    expect(metricValue('mean-latency', untimed, '5xx')).toBeCloseTo(12.5, 12);
    expect(metricValue('mean-latency', { ...untimed, latencySumMs: 0, buckets: [] }, '5xx')).toBeUndefined();
  });
});
