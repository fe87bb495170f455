import { ApplicationFailure } from '@temporalio/workflow';
import type { Task, TaskKind } from '../../core/experiment/task-kinds.ts';
import type { FinishedTask } from '../../core/tasks/finished-tasks.ts';
import type { TaskContext } from '../../core/tasks/task-context.ts';
import type { RenderedParts, TemplatePart } from '../../core/tasks/template.ts';
import type { Run } from '../run/run.ts';
import type { ActionName } from './task-context.ts';

/** Which task of which action; `loop` is the number of the loop that has just ended. */
export interface TaskPlace {
  readonly action: ActionName;
  readonly index: number;
  readonly loop?: number;
}

/** What a runner works with besides the task itself. */
export interface TaskExecution {
  readonly run: Run;
  readonly place: TaskPlace;
  readonly context: TaskContext;
}

/** Carries out the tasks of one kind. It renders their texts, so that the Web UI shows them; secrets are not filled in. */
export type TaskRunner<K extends TaskKind> = (task: Task<K>, execution: TaskExecution) => Promise<FinishedTask>;

/** A finished task that is no command, by the name that messages have for it. */
export function finishedTask(name: string): FinishedTask {
  return { command: name, args: [] };
}

/** The parts of a rendered text; fails as `InvalidManifest` when it cannot be rendered. */
export function requireParts(rendered: RenderedParts): readonly TemplatePart[] {
  if (rendered.kind === 'invalid') throw invalidTask(rendered.problem);
  return rendered.parts;
}

/** The failure for a text that lint should have refused: half a command must not run. */
export function invalidTask(problem: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(problem, 'InvalidManifest');
}
