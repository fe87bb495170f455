import { expect, test } from 'vitest';
import { listWinnerProblems } from '../../../core/tasks/winner-problems.ts';

test('a problem of one version names it and its command', () => {
  expect(listWinnerProblems([{ winner: 'candidate', command: 'helm upgrade app', problem: 'too large' }])).toEqual([
    'for candidate, helm upgrade app: too large',
  ]);
  expect(listWinnerProblems([{ winner: 'candidate', problem: 'too large' }])).toEqual(['for candidate: too large']);
});

test('a problem of several versions is told once, with what their commands share', () => {
  const problem = 'helm may not create jobs';
  const ofVersion = (winner: string) => ({ winner, command: `helm upgrade app --values=${winner}.yaml`, problem });
  expect(listWinnerProblems([ofVersion('current'), ofVersion('candidate')])).toEqual([
    'for current and candidate, helm upgrade app …: helm may not create jobs',
  ]);
  const command = 'helm upgrade app';
  expect(listWinnerProblems(['current', 'candidate'].map((winner) => ({ winner, command, problem })))).toEqual([
    'for current and candidate, helm upgrade app: helm may not create jobs',
  ]);
});

test('different problems stay apart, in their order', () => {
  const found = ['b', 'a', 'b'].map((problem, index) => ({ winner: String(index), problem }));
  expect(listWinnerProblems(found)).toEqual(['for 0 and 2: b', 'for 1: a']);
});
