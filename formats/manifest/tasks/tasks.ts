import { z } from 'zod';
import { limits } from '../../../core/text/limits.ts';
import { parseIfExpression } from '../../../core/experiment/if-expression.ts';
import type { IfExpression } from '../../../core/experiment/if-expression.ts';
import { taskTraits } from '../../../core/experiment/task-kinds.ts';
import type { TaskKind, TaskRole } from '../../../core/experiment/task-kinds.ts';
import { mappingField, parsed, refuse, textField } from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import { collectTasks } from './collect.ts';
import type { NamedTasks, ReadTask, TaskDefinition } from './definition.ts';
import { execTasks } from './exec.ts';
import { httpTasks } from './http.ts';
import { initTasks } from './init-experiment.ts';
import { readinessTasks } from './readiness.ts';
import { scriptTask, scriptTasks } from './script.ts';
import { slackTasks } from './slack.ts';

const tasksByKind: { readonly [K in TaskKind]: NamedTasks<K> } = {
  'init-experiment': initTasks,
  exec: execTasks,
  script: scriptTasks,
  readiness: readinessTasks,
  collect: collectTasks,
  http: httpTasks,
  slack: slackTasks,
};

const definitions: ReadonlyMap<string, TaskDefinition> = new Map(
  Object.values<NamedTasks>(tasksByKind).flatMap((named) => Object.entries(named)),
);

/** The names in manifests of all tasks with the role: `notification/http`, `notification/slack`. */
export function taskNames(role: TaskRole): readonly string[] {
  return Object.entries<NamedTasks>(tasksByKind).flatMap(([kind, named]) => {
    // The table has the kinds as its keys.
    return taskTraits[kind as TaskKind].role === role ? Object.keys(named) : [];
  });
}

/** Tasks of some of iter8's releases that serin does not support. */
const refusedTasks: readonly string[] = ['gitops/helmex-update', 'ghaction'];

const conditionField = parsed(
  `a condition of at most ${limits.conditionCharacters} characters`,
  (value) => (isText(value) && value.length <= limits.conditionCharacters ? value : undefined),
  { type: 'string', minLength: 1, maxLength: limits.conditionCharacters },
);

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

const shape = mappingField({
  library: textField.optional(),
  task: textField.optional(),
  run: textField.optional(),
  if: conditionField.optional(),
  condition: conditionField.optional(),
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

/** Reads `if`, or `condition`, its first name. */
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
