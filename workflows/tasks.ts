import { holds } from '../core/condition.ts';
import type { Version } from '../core/experiment.ts';
import type { FinishedTask } from '../core/finished-tasks.ts';
import { winnerFactsOf } from '../core/moment.ts';
import type { Task, TaskKind } from '../core/task-kinds.ts';
import { momentOf } from './moment.ts';
import type { Run } from './run.ts';
import { runners } from './task-runners.ts';
import type { TaskPlace } from './task-runners.ts';

/** Runs one task with the version's variables, unless its condition does not hold; answers what ran. */
export async function runTask<K extends TaskKind>(
  run: Run,
  task: Task<K>,
  { version, place }: { readonly version: Version; readonly place: TaskPlace },
): Promise<readonly FinishedTask[]> {
  const moment = momentOf(run, { version, action: place.action });
  if (task.condition !== undefined && !holds(task.condition, winnerFactsOf(moment))) return [];
  return [await runners[task.kind](task, { run, place, moment })];
}
