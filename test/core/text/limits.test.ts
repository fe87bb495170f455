import { expect, test } from 'vitest';
import { cutText, limits, listFirst } from '../../../core/text/limits.ts';

test('a text that is too long is cut, which shows', () => {
  expect(cutText('abcdef', 6)).toBe('abcdef');
  expect(cutText('abcdefg', 6)).toBe('abcde…');
});

test('of many problems the first are listed, each cut, and the others counted', () => {
  const problems = Array.from({ length: limits.listedIssues + 7 }, (_, index) => `problem ${index}`);
  expect(listFirst(problems)).toEqual([...problems.slice(0, limits.listedIssues), 'and 7 more']);
  expect(listFirst(['a', 'b'.repeat(10_000)])).toEqual(['a', cutText('b'.repeat(10_000), limits.problem)]);
  expect(listFirst([])).toEqual([]);
});
