import { describe, expect, test } from 'vitest';
import { assertConditions, assertedConditions, isAssertedCondition } from '../../../core/report/assertion.ts';
import type { Report } from '../../../core/report/report.ts';
import type { Outcome } from '../../../core/experiment/stage.ts';
import { aReport } from '../../support/reports.ts';

const all = [...assertedConditions.keys()].filter(isAssertedCondition);

/** The seed's experiment at its end. */
function ended(outcome: Outcome, winner?: string): Report {
  const { winner: _, ...report } = aReport({ stage: 'Completed', outcome });
  return winner === undefined ? report : { ...report, winner };
}

describe('assertConditions', () => {
  test.each([
    ['Promoted', 'candidate', ['completed', 'successful', 'candidateWon', 'winnerFound']],
    ['RolledBack', undefined, ['completed', 'noWinner', 'rolledBack']],
    ['RolledBack', 'current', ['completed', 'baselineWon', 'rolledBack', 'winnerFound']],
    ['Concluded', 'current', ['completed', 'successful', 'baselineWon', 'winnerFound']],
    ['Concluded', undefined, ['completed', 'noWinner']],
    ['Aborted', undefined, ['completed', 'noWinner']],
    ['Failed', undefined, ['completed', 'noWinner', 'failed']],
  ] as const)('%s with winner %s', (outcome, winner, expected) => {
    const results = assertConditions(ended(outcome, winner), all);
    expect(results.filter(({ holds }) => holds === 'yes').map(({ condition }) => condition)).toEqual(expected);
    expect(results.filter(({ holds }) => holds === 'unknown')).toEqual([]);
  });

  test('knows nothing before the end, whoever leads', () => {
    const [first, ...others] = assertConditions(aReport({ stage: 'Finishing' }), all);
    expect(first).toEqual({ condition: 'completed', holds: 'unknown', why: 'Finishing, 4 of 5 iterations' });
    expect(others.every(({ holds }) => holds === 'unknown')).toBe(true);
  });

  test('answers in the order of the question, with outcome and winner', () => {
    expect(assertConditions(ended('Promoted', 'candidate'), ['noWinner', 'completed'])).toEqual([
      { condition: 'noWinner', holds: 'no', why: 'Promoted, candidate has won' },
      { condition: 'completed', holds: 'yes', why: 'Promoted, candidate has won' },
    ]);
  });
});
