import { z } from 'zod';
import { parseIfExpression } from '../../../core/experiment/if-expression.ts';
import type { IfExpression } from '../../../core/experiment/if-expression.ts';
import { mappingField, refuse, textField } from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import { collect } from './collect.ts';
import { exec, promoteKubectl } from './commands.ts';
import type { ReadTask, TaskDefinition } from './definition.ts';
import { http, slack } from './notifications.ts';
import { readiness } from './readiness.ts';
import { bash, scriptTask } from './scripts.ts';

const initExperiment: TaskDefinition = (input, context) => {
  if (input !== undefined) refuse(context, ['with'], { expected: 'no input', got: showValue(input) });
  return { make: () => ({ kind: 'init-experiment' }), templates: [] };
};

/** The tasks by the names that manifests give them. */
const definitions: ReadonlyMap<string, TaskDefinition> = new Map(
  Object.entries<TaskDefinition>({
    'knative/init-experiment': initExperiment,
    'common/exec': exec,
    'common/bash': bash,
    'common/promote-kubectl': promoteKubectl,
    'common/readiness': readiness,
    'metrics/collect': collect,
    'notification/http': http,
    'notification/slack': slack,
  }),
);

/** Tasks that iter8 had for a while and that no action needs. */
const refusedTasks: readonly string[] = ['gitops/helmex-update', 'ghaction'];

const shape = mappingField({
  library: textField.optional(),
  task: textField.optional(),
  run: textField.optional(),
  if: textField.optional(),
  condition: textField.optional(),
  with: z.unknown().optional(),
});

type Given = z.output<typeof shape>;

/** A task in all spellings: `library: common, task: exec`, `task: common/exec`, and `run: script`. */
export const taskField = shape.transform((given, context): ReadTask => {
  const definition = findDefinition(given, context);
  const condition = readCondition(given, context);
  const read = definition?.(given.with, context);
  if (read === undefined) return z.NEVER;
  const { make, templates } = read;
  return { make: (namespace) => ({ ...make(namespace), ...condition }), templates };
});

function findDefinition({ library, task, run }: Given, context: z.RefinementCtx): TaskDefinition | undefined {
  if ((task === undefined) === (run === undefined)) {
    refuse(context, [], { expected: 'one of task and run', got: task === undefined ? 'neither' : 'both' });
    return undefined;
  }
  if (run !== undefined) {
    if (library !== undefined)
      refuse(context, ['library'], { expected: 'no library beside run', got: showValue(library) });
    return scriptTask(run);
  }
  const name = library === undefined ? (task ?? '') : `${library}/${task}`;
  const definition = definitions.get(name);
  if (definition !== undefined) return definition;
  const known = refusedTasks.includes(name) ? ', which iter8 knew and serin does not support' : '';
  const names = [...definitions.keys()];
  refuse(context, ['task'], { expected: `one of ${names.join(', ')}`, got: `${showValue(name)}${known}` });
  return undefined;
}

/** `if`, or `condition` as it was called first. */
function readCondition(given: Given, context: z.RefinementCtx): { readonly condition?: IfExpression } {
  const key = given.if === undefined ? 'condition' : 'if';
  if (given.if !== undefined && given.condition !== undefined) {
    refuse(context, ['condition'], { expected: 'one of if and condition', got: 'both' });
  }
  const source = given[key];
  if (source === undefined) return {};
  const reading = parseIfExpression(source);
  if (reading.kind === 'ok') return { condition: reading.condition };
  refuse(context, [key], { expected: 'a condition such as CandidateWon()', got: reading.problem });
  return {};
}
