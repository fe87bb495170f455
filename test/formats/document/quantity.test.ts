import { expect, test } from 'vitest';
import { parseQuantity } from '../../../formats/document/quantity.ts';

test.each<[unknown, number]>([
  [50, 50],
  ['0.01', 0.01],
  ['10m', 0.01],
  ['1e3', 1000],
  ['2k', 2000],
  ['1Ki', 1024],
  ['-5', -5],
  ['.5', 0.5],
])('%s is the quantity %d', (text, expected) => {
  expect(parseQuantity(text)).toBe(expected);
});

test.each([['fifty'], [''], ['10 m'], ['1mm'], [Number.NaN], [true], [{}]])('%s is no quantity', (value) => {
  expect(parseQuantity(value)).toBeUndefined();
});
