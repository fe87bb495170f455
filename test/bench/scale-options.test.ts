import { expect, test } from 'vitest';
import { isShifting, readScaleOptions } from '../../bench/scale/options.ts';

test('starts are spread over half a second for each experiment, and over an interval at least', () => {
  expect(readScaleOptions(['--experiments', '200']).spreadSeconds).toBe(100);
  expect(readScaleOptions(['--experiments', '4', '--interval', '30']).spreadSeconds).toBe(30);
});

test('all mistakes in the options are told at once, each with what is expected', () => {
  const wrong = ['--experiments', 'many', '--iterations', '200', '--shifting', '2', '--database', 'disk'];
  expect(() => readScaleOptions(wrong)).toThrow(
    [
      '--experiments: expected a whole number above 0, got many',
      '--database: expected memory, file, postgresql, got disk',
      '--iterations: expected a whole number of 1 to 100, as each climbs by 1 % or more, got 200',
      '--shifting: expected a share of 0 to 1, got 2',
    ].join('\n'),
  );
});

test.each([
  [0, []],
  [0.2, [4, 9]],
  [0.5, [1, 3, 5, 7, 9]],
  [1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
])('a share of %s of the experiments shifts, spread evenly', (shifting, expected) => {
  const indexes = Array.from({ length: 10 }, (_, index) => index);
  expect(indexes.filter((index) => isShifting(index, { shifting }))).toEqual(expected);
});
