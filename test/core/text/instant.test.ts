import { assert, date, property } from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration } from '../../../core/text/duration.ts';
import { formatInstant } from '../../../core/text/instant.ts';

test('writes every time as the platform does', () => {
  assert(
    property(date({ min: new Date('1900-01-01'), max: new Date('2400-01-01'), noInvalidDate: true }), (instant) => {
      const iso = instant.toISOString();
      expect(formatInstant(instant.getTime())).toBe(`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`);
    }),
  );
});

test.each([
  [0, '0 s'],
  [20, '20 ms'],
  [100, '0.1 s'],
  [420, '0.4 s'],
  [9_949, '9.9 s'],
  [9_990, '10 s'],
  [12_000, '12 s'],
  [59_600, '1 min'],
  [90_000, '1 min 30 s'],
  [600_000, '10 min'],
  [5_400_000, '1 h 30 min'],
  [24 * 3_600_000, '24 h'],
  [76 * 3_600_000, '3 d 4 h'],
  [-12_000, '-12 s'],
])('says %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
