import type { Experiment } from '../core/experiment.ts';
import { mayDeploy } from '../core/task.ts';
import type { ValueIssue } from './zod-issues.ts';

/** What may be left out, but is seldom meant so. */
export function warnOfOmissions({
  objectives,
  finish,
  testingPattern,
}: Pick<Experiment, 'objectives' | 'finish' | 'testingPattern'>): ValueIssue[] {
  const isAlone = testingPattern === 'Conformance';
  const objective = {
    path: ['spec', 'criteria', 'objectives'],
    atKey: true,
    expected: 'an objective',
    got: isAlone
      ? 'none; nothing is tested but that there are requests'
      : 'none; the candidate is promoted on its number of requests alone',
  };
  const action = {
    path: ['spec', 'strategy', 'actions', 'finish'],
    atKey: true,
    expected: 'a finish action that brings the release to the winner',
    got: 'none; the traffic stays pinned after the run, and the release keeps its values',
  };
  const acts = finish.some(mayDeploy);
  return [...(objectives.length === 0 ? [objective] : []), ...(acts || isAlone ? [] : [action])];
}
