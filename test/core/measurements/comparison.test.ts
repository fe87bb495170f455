import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatComparison, formatMetric, formatPair } from '../../../core/measurements/comparison.ts';

describe('formatComparison', () => {
  test.each([
    { metric: 'error-rate', value: 0.031, relation: '>', limit: 0.01, expected: 'error-rate 0.031 > limit 0.010' },
    {
      metric: 'error-rate',
      value: 0.01004,
      relation: '>',
      limit: 0.01,
      expected: 'error-rate 0.01004 > limit 0.01000',
    },
    { metric: 'error-rate', value: 0.01, relation: '<=', limit: 0.01, expected: 'error-rate 0.010 <= limit 0.010' },
    { metric: 'error-rate', value: 0, relation: '<=', limit: 0.0125, expected: 'error-rate 0.0000 <= limit 0.0125' },
    {
      metric: 'error-rate',
      value: 0,
      relation: '<=',
      limit: 1e-7,
      expected: 'error-rate 0.0000000 <= limit 0.0000001',
    },
    {
      metric: 'mean-latency',
      value: 63.24,
      relation: '>',
      limit: 50,
      expected: 'mean-latency 63.2 ms > limit 50.0 ms',
    },
    { metric: 'request-count', value: 20, relation: '<', limit: 50, expected: 'request-count 20 < limit 50' },
  ] as const)('shows $expected', ({ expected, ...comparison }) => {
    expect(formatComparison(comparison)).toBe(expected);
  });

  test('never shows numbers that contradict the relation', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }).map((x) => Number(x.toFixed(9)));
    fc.assert(
      fc.property(share, share, (value, limit) => {
        const relation = value > limit ? '>' : '<=';
        const text = formatComparison({ metric: 'error-rate', value, relation, limit });
        const [, shownValue, shownLimit] = /^error-rate (\S+) \S+ limit (\S+)$/.exec(text) ?? [];
        expect(Number(shownValue) > Number(shownLimit)).toBe(value > limit);
      }),
      { seed: 3 },
    );
  });
});

describe('formatMetric', () => {
  test('has the unit and no fewer decimals than the value', () => {
    expect(formatMetric('mean-latency', 10_000)).toBe('10000.0 ms');
    expect(formatMetric('error-rate', 0.0125)).toBe('0.0125');
  });
});

describe('formatPair', () => {
  test.each<[readonly [number, number], readonly [string, string]]>([
    [
      [57.45125272734794, 15.314736729202199],
      ['57.451', '15.315'],
    ],
    [
      [0.12341, 0.12339],
      ['0.12341', '0.12339'],
    ],
    [
      [0.1 + 0.2, 0.1 + 0.2],
      ['0.300', '0.300'],
    ],
  ])('shows %j as %j', (values, shown) => {
    expect(formatPair('user-engagement', values)).toEqual(shown);
  });
});
