import { expect, test } from 'vitest';
import { formatVisibility } from '../../../core/measurements/visibility.ts';

test.each([
  [{ lagMs: 14_000, clockMs: 0 }, 'the newest sample was 14 s old, the clocks agree'],
  [{ lagMs: 400, clockMs: 999 }, 'the newest sample was 0.4 s old, the clocks agree'],
  [{ lagMs: 61_000, clockMs: 300_000 }, 'the newest sample was 1 min 1 s old, its clock is 5 min ahead'],
  [{ clockMs: -12_000 }, 'there was no sample, its clock is 12 s behind'],
])('%o is "%s"', (visibility, text) => {
  expect(formatVisibility(visibility)).toBe(text);
});
