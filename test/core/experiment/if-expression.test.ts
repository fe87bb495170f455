import { expect, test } from 'vitest';
import { holds, parseIfExpression } from '../../../core/experiment/if-expression.ts';

const candidateWon = { winnerFound: true, candidateWon: true };
const baselineWon = { winnerFound: true, candidateWon: false };
const nobodyWon = { winnerFound: false, candidateWon: false };

function verdicts(text: string): string {
  const reading = parseIfExpression(text);
  if (reading.kind === 'invalid') throw new Error(reading.problem);
  return [candidateWon, baselineWon, nobodyWon].map((facts) => (holds(reading.condition, facts) ? 'y' : 'n')).join('');
}

test.each([
  ['CandidateWon()', 'ynn'],
  ['WinnerFound()', 'yyn'],
  ['not WinnerFound()', 'nny'],
  ['!CandidateWon()', 'nyy'],
  ['not not WinnerFound()', 'yyn'],
  ['WinnerFound() and not CandidateWon()', 'nyn'],
  ['WinnerFound() && !CandidateWon()', 'nyn'],
  ['CandidateWon() or not WinnerFound()', 'yny'],
  ['not WinnerFound() || CandidateWon() and false', 'nny'],
  ['(not WinnerFound() or CandidateWon()) and CandidateWon()', 'ynn'],
  [' ( ( true ) ) ', 'yyy'],
])('%s holds for a won candidate, a won baseline, nobody: %s', (text, expected) => {
  expect(verdicts(text)).toBe(expected);
});

test.each([
  [
    '',
    'the end at character 1, where WinnerFound(), CandidateWon(), true, false, not, and, or, or parentheses belongs',
  ],
  ['BaselineWon()', 'BaselineWon at character 1, where WinnerFound(), CandidateWon(), true'],
  ['CandidateWon', 'the end at character 13, where ( belongs'],
  ['CandidateWon() WinnerFound()', 'WinnerFound at character 16, where and, or, or the end belongs'],
  ['(WinnerFound()', 'the end at character 15, where ) belongs'],
  ['WinnerFound() and', 'the end at character 18, where WinnerFound()'],
  ['toString()', 'toString at character 1'],
  ['WinnerFound() == true', '= at character 15'],
  [`${'('.repeat(10_000)}true`, 'fewer nested parentheses'],
  [`${'not '.repeat(10_000)}true`, 'fewer nested parentheses'],
])('%.40s is refused with its place', (text, problem) => {
  expect(parseIfExpression(text)).toEqual({ kind: 'invalid', problem: expect.stringContaining(problem) });
});
