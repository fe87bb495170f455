import type { Experiment } from '../../../core/experiment/experiment.ts';
import { mayDeploy } from '../../../core/tasks/task.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Warns of parts that may be left out, but seldom are on purpose. */
export function warnOfOmissions({
  objectives,
  finish,
  reward,
  testingPattern,
}: Pick<Experiment, 'objectives' | 'finish' | 'reward' | 'testingPattern'>): ValueIssue[] {
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
  const isJudged = objectives.length > 0 || reward !== undefined;
  return [...(isJudged ? [] : [objective]), ...(acts || isAlone ? [] : [action])];
}
