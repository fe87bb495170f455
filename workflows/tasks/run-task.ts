import { holds } from '../../core/experiment/if-expression.ts';
import type { Version } from '../../core/experiment/experiment.ts';
import type { FinishedTask } from '../../core/tasks/finished-tasks.ts';
import { winnerFacts } from '../../core/tasks/task-context.ts';
import type { Task, TaskKind } from '../../core/experiment/task-kinds.ts';
import { buildTaskContext } from './task-context.ts';
import type { Run } from '../run/run.ts';
import { runners } from './runners.ts';
import type { TaskPlace } from './task-execution.ts';

/** Runs one task with the version's variables, if its condition holds; returns what ran. */
export async function runTask<K extends TaskKind>(
  run: Run,
  task: Task<K>,
  { version, place }: { readonly version: Version; readonly place: TaskPlace },
): Promise<readonly FinishedTask[]> {
  const context = buildTaskContext(run, { version, action: place.action });
  if (task.condition !== undefined && !holds(task.condition, winnerFacts(context))) return [];
  return [await runners[task.kind](task, { run, place, context })];
}
