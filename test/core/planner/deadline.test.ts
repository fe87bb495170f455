import { expect, test } from 'vitest';
import { nextDeadline } from '../../../core/planner/deadline.ts';

test('keeps the grid while the work ends within two seconds of the deadline', () => {
  expect(nextDeadline(10_000, 12_000)).toEqual({ deadlineMs: 10_000, late: false });
});

test('restarts the grid when the work ends later, so that the next step is whole', () => {
  expect(nextDeadline(10_000, 12_001)).toEqual({ deadlineMs: 12_001, late: true });
});
