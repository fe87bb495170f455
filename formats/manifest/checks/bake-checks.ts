import type { Experiment } from '../../../core/experiment/experiment.ts';
import { movesTraffic } from '../../../core/experiment/versions.ts';
import { isLoadTest } from '../../../core/measurements/load-test.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Checks that there is a promotion to watch, and that requests of users show how it does. */
export function checkBakeTime(experiment: Experiment): ValueIssue[] {
  if (experiment.bakeMs === undefined) return [];
  const issue = (expected: string): ValueIssue[] => [
    { path: ['metadata', 'annotations', 'serin.dev/bake-time'], atKey: false, expected, got: 'one' },
  ];
  if (!movesTraffic(experiment)) return issue('no bake time in a Conformance experiment, which promotes nothing');
  if (isLoadTest(experiment)) return issue('no bake time where load tasks count the requests');
  const hasLimit = experiment.objectives.some(({ upperLimit, lowerLimit }) => (upperLimit ?? lowerLimit) !== undefined);
  return hasLimit
    ? []
    : issue('an objective with a limit of its own for it, since the baseline then serves nothing to compare with');
}
