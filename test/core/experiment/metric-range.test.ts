import { describe, expect, test } from 'vitest';
import { findLimitDoubts } from '../../../core/experiment/metric-range.ts';

type Limits = Parameters<typeof findLimitDoubts>[0];

function doubts(metric: string, limits: Partial<Limits>): readonly string[] {
  return findLimitDoubts({ metric, rollbackOnFailure: false, ...limits }).map(
    ({ field, limit, why }) => `${field} ${limit}, ${why}`,
  );
}

const share = 'error-rate is a share from 0 to 1';
const latency = 'mean-latency is above 0 milliseconds';

describe('a limit', () => {
  test.each<[string, Partial<Limits>, string]>([
    ['error-rate', { upperLimit: 5 }, `upperLimit 5, which can never be reached: ${share}; 5 % is 0.05`],
    ['error-rate', { upperLimit: 1 }, `upperLimit 1, which can never be reached: ${share}`],
    ['error-rate', { lowerLimit: 99 }, `lowerLimit 99, which can never be kept: ${share}; 99 % is 0.99`],
    ['error-rate', { upperLimit: -0.1 }, `upperLimit -0.1, which can never be kept: ${share}`],
    ['mean-latency', { upperLimit: -1 }, `upperLimit -1, which can never be kept: ${latency}`],
    ['mean-latency', { upperLimit: 0 }, `upperLimit 0, which can never be kept: ${latency}`],
    ['mean-latency', { lowerLimit: 0 }, `lowerLimit 0, which can never be reached: ${latency}`],
    ['error-count', { upperLimit: -1 }, 'upperLimit -1, which can never be kept: error-count is 0 or more'],
    [
      'latency-99th-percentile',
      { upperLimit: 0 },
      'upperLimit 0, which can never be kept: latency-99th-percentile is above 0 milliseconds',
    ],
  ])('of %s, %j, tells no versions apart', (metric, limits, doubt) => {
    expect(doubts(metric, limits)).toEqual([doubt]);
  });

  test.each<[string, Partial<Limits>]>([
    ['error-rate', { upperLimit: 0 }],
    ['error-rate', { upperLimit: 0.999 }],
    ['error-rate', { lowerLimit: 1 }],
    ['error-rate', { lowerLimit: 0, upperLimit: 0.05 }],
    ['error-count', { upperLimit: 0 }],
    ['request-count', { lowerLimit: 1_000 }],
    ['mean-latency', { lowerLimit: 0, upperLimit: 50 }],
    ['clicks', { upperLimit: -5 }],
  ])('of %s, %j, is one', (metric, limits) => {
    expect(doubts(metric, limits)).toEqual([]);
  });
});
