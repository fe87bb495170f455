import { refuse } from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import type { NamedTasks, TaskDefinition } from './definition.ts';

/** `knative/init-experiment`: waits until the target and its versions are ready. */
const initExperiment: TaskDefinition<'init-experiment'> = (input, context) => {
  if (input !== undefined) refuse(context, ['with'], { expected: 'no input', got: showValue(input) });
  return { make: () => ({ kind: 'init-experiment' }), templates: [] };
};

export const initTasks: NamedTasks<'init-experiment'> = { 'knative/init-experiment': initExperiment };
