import { expect, test } from 'vitest';
import { readFloat } from '../../../metrics/prometheus/float.ts';

test.each([
  ['0', 0],
  ['-1.5', -1.5],
  ['+3', 3],
  ['5.', 5],
  ['.25', 0.25],
  ['1e+06', 1_000_000],
  ['2.5E-3', 0.0025],
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
  ['NaN', Number.NaN],
])('%s is a float of Prometheus', (text, value) => {
  expect(readFloat(text)).toBe(value);
});

test.each(['', ' ', '1 ', '0x10', '1_000', '1,5', '1e', 'Infinity', 'null', '.', 'constructor'])(
  '%j is none',
  (text) => {
    expect(readFloat(text)).toBeUndefined();
  },
);
