import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../core/verdicts/assessment.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import type { Outcome } from '../../../core/experiment/stage.ts';
import { buildReport } from '../../../core/report/report-of-state.ts';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import type { CandidateState } from '../../../core/planner/candidate-state.ts';
import { initialState } from '../../../core/planner/experiment-state.ts';
import { anExperiment } from '../../support/builders.ts';
import { anAssessment, anObjective } from '../../support/reports.ts';

interface CandidateCase extends Partial<Pick<CandidateState, 'eliminated' | 'reward'>> {
  readonly baseline?: Verdict;
  readonly candidate?: Verdict;
}

function winnerAfter(outcome: Outcome, observed: CandidateCase, changes: Partial<Experiment> = {}): string | undefined {
  const { baseline = 'pass', candidate = 'pass', ...state } = observed;
  const objectives = [anObjective('error-rate', 0.01, 'why', { baseline, candidate })];
  const assessment = anAssessment({ objectives, samples: { baseline: 500, candidate: 500 } });
  return buildReport({
    ...initialState({ workflowId: 'w', firstRunId: 'r' }),
    experiment: anExperiment(changes),
    ending: { outcome, reason: 'why', atMs: 0 },
    candidateStates: [{ ...initialCandidateState(), assessment, ...state }],
  }).winner;
}

const worse = { verdict: 'worse', reason: 'why' } as const;

describe('the winner of an experiment that was rolled back', () => {
  test.each<[string, CandidateCase]>([
    ['the candidate fails the objectives that it satisfies', { candidate: 'fail' }],
    ['the candidate has the worse reward', { reward: worse }],
    ['the candidate was eliminated', { eliminated: 'not ready for 60 s' }],
  ])('is the baseline when %s', (_, observed) => {
    expect(winnerAfter('RolledBack', observed)).toBe('current');
  });

  test.each<[string, CandidateCase]>([
    ['the candidate did not fail', {}],
    ['the candidate was undecided', { candidate: 'undecided' }],
    ['the baseline fails too', { baseline: 'fail', candidate: 'fail' }],
    ['the baseline is undecided', { baseline: 'undecided', candidate: 'fail' }],
  ])('is nobody when %s', (_, observed) => {
    expect(winnerAfter('RolledBack', observed)).toBeUndefined();
  });

  test.each(['Aborted', 'Failed'] as const)('is nobody for %s, whatever was measured', (outcome) => {
    expect(winnerAfter(outcome, { candidate: 'fail' })).toBeUndefined();
  });
});
