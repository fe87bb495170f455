import type { z } from 'zod';
import type { TaskContext } from '../../../core/tasks/task-context.ts';
import type { Task, TaskKind } from '../../../core/experiment/task-kinds.ts';
import type { RenderedParts } from '../../../core/tasks/template.ts';
import { parsed, refuse } from '../../document/fields.ts';
import { translateIssues } from '../../document/zod-issues.ts';

/** A text of a task that is rendered when the task runs: its path in the task, and how it is rendered. */
export interface TaskTemplate {
  readonly path: (string | number)[];
  readonly render: (context: TaskContext) => RenderedParts;
}

/** A task that has been read. Names without a namespace are completed with the experiment's. */
export interface ReadTask<K extends TaskKind = TaskKind> {
  readonly make: (namespace: string) => Task<K>;
  readonly templates: readonly TaskTemplate[];
}

/** Reads the value of `with`; for mistakes adds issues and returns undefined. */
export type TaskDefinition<K extends TaskKind = TaskKind> = (
  input: unknown,
  context: z.RefinementCtx,
) => ReadTask<K> | undefined;

/** The tasks of one kind, by the names that manifests give them. */
export type NamedTasks<K extends TaskKind = TaskKind> = Readonly<Record<string, TaskDefinition<K>>>;

/** Defines a task by the schema of its input and by `read`, which makes the task and may add more issues. */
export function defineTask<Input, K extends TaskKind>(
  schema: z.ZodType<Input>,
  read: (input: Input, context: z.RefinementCtx) => ReadTask<K>,
): TaskDefinition<K> {
  return (input, context) => {
    const reading = schema.safeParse(input);
    if (reading.success) return read(reading.data, context);
    for (const issue of translateIssues(reading.error, input)) refuse(context, ['with', ...issue.path], issue);
    return undefined;
  };
}

/** A reference to a Secret: `name`, or `namespace/name`. */
export const secretName = parsed('the name of a Secret, or namespace/name', (value) => {
  if (typeof value !== 'string' || !/^([a-z0-9-]+\/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)) return undefined;
  const [name = '', namespace] = value.split('/').toReversed();
  return namespace === undefined ? { name } : { namespace, name };
});
