import { describe, expect, test } from 'vitest';
import { rehearsableApplies, possibleWinners } from '../../../core/tasks/rehearsal.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import { anExperiment } from '../../support/builders.ts';

const winnerNames = (changes: Parameters<typeof anExperiment>[0]) =>
  possibleWinners(anExperiment(changes)).map(({ name }) => name);

test('the baseline is a winner unless no roll back and no abort runs the finish actions', () => {
  expect(winnerNames({})).toEqual(['current', 'candidate']);
  expect(winnerNames({ finishOnRollBack: false })).toEqual(['candidate']);
  expect(winnerNames({ finishOnRollBack: false, finishOnAbort: true })).toEqual(['current', 'candidate']);
  expect(winnerNames({ finishOnRollBack: false, testingPattern: 'Conformance', candidates: [] })).toEqual(['current']);
});

describe('rehearsableApplies', () => {
  const candidate = { name: 'candidate', revision: 'app-v2', variables: {} };
  const kubectl = (...args: readonly string[]): Task => ({ kind: 'exec', command: 'kubectl', args, interpolate: true });
  const apply = kubectl('apply', '--filename', 'https://a/app.yaml');
  const others = kubectl('apply', '-f', 'https://a/{{ .others }}.yaml');
  const script: Task = { kind: 'script', script: 'make app.yaml', delimiters: 'iter8' };
  const ready: Task = { kind: 'readiness', initialDelayMs: 0, retries: 0, intervalMs: 0, objects: [] };

  function rehearsed(
    finish: readonly Task[],
    { loop, isBaseline = false }: { loop?: readonly Task[]; isBaseline?: boolean } = {},
  ) {
    const experiment = anExperiment({ candidates: [candidate], finish, ...(loop === undefined ? {} : { loop }) });
    return rehearsableApplies(experiment, isBaseline ? experiment.baseline : candidate);
  }

  test('are those that nothing but each other comes before', () => {
    expect(rehearsed([ready, apply, others, script, apply])).toEqual([apply, others]);
    expect(rehearsed([script, apply])).toEqual([]);
    expect(rehearsed([apply], { loop: [ready] })).toEqual([apply]);
  });

  test('are none where a loop action may make what they need', () => {
    expect(rehearsed([apply], { loop: [script] })).toEqual([]);
  });

  test('are those that may run for the winner', () => {
    const condition = { kind: 'call', name: 'CandidateWon' } as const;
    expect(rehearsed([{ ...script, condition }, apply])).toEqual([]);
    expect(rehearsed([{ ...script, condition }, apply], { isBaseline: true })).toEqual([apply]);
    expect(rehearsed([{ ...apply, condition }], { isBaseline: true })).toEqual([]);
  });

  test.each([
    ['another subcommand', kubectl('delete', '-f', 'https://a/app.yaml')],
    ['a subcommand of apply', kubectl('apply', 'view-last-applied', '-f', 'https://a/app.yaml')],
    ['a forced apply, of which kubectl makes no dry run', kubectl('apply', '--force', '-f', 'https://a/app.yaml')],
  ])('are not %s', (_, task) => {
    expect(rehearsed([task])).toEqual([]);
  });
});
