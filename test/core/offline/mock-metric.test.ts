import { expect, test } from 'vitest';
import { mockValue } from '../../../core/offline/mock-metric.ts';

const gauge = { metric: 'default/user-engagement', type: 'gauge', version: 'candidate', level: 20 } as const;

test('a counter has grown by its level each second', () => {
  expect(mockValue({ ...gauge, type: 'counter', elapsedMs: 12_700 })).toBe(240);
});

test('a gauge is its level in the mean', () => {
  const values = Array.from({ length: 400 }, (_, index) =>
    mockValue({ ...gauge, metric: `default/metric-${index}`, elapsedMs: 30_000 }),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // Its standard deviation is level / sqrt(2 * 30 + 1), so that of the mean is 0.13.
  expect(mean).toBeGreaterThan(19.4);
  expect(mean).toBeLessThan(20.6);
});

test('a gauge comes closer to its level with time', () => {
  const spreadAfter = (elapsedMs: number): number => {
    const values = Array.from({ length: 100 }, (_, index) => mockValue({ ...gauge, version: `v${index}`, elapsedMs }));
    return Math.max(...values) - Math.min(...values);
  };
  expect(spreadAfter(3_600_000)).toBeLessThan(spreadAfter(10_000) / 5);
});

test('the same question has the same answer', () => {
  const asked = { ...gauge, elapsedMs: 30_000 };
  expect(mockValue(asked)).toBe(mockValue(asked));
  expect(mockValue(asked)).not.toBe(mockValue({ ...asked, version: 'baseline' }));
});
