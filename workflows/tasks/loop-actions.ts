import { inContext } from '../failures.ts';
import { recommendedVersion } from './task-context.ts';
import { completeLoop } from '../../core/planner/state-transitions.ts';
import { loadedExperiment, update } from '../run/run.ts';
import type { Run } from '../run/run.ts';
import { runTask } from './run-task.ts';

/** Runs the loop actions if the iteration just completed ends a loop, the last one included. */
export async function runLoopActions(run: Run): Promise<void> {
  const { loop: tasks, iterationsPerLoop, iterations } = loadedExperiment(run);
  const { iteration } = run.state;
  if (tasks.length === 0 || iteration > iterations || iteration % iterationsPerLoop !== 0) return;
  const loop = iteration / iterationsPerLoop;
  update(run, completeLoop(run.state, loop));
  for (const [index, task] of tasks.entries()) {
    const place = { action: 'loop', index, loop } as const;
    try {
      await runTask(run, task, { version: recommendedVersion(run), place });
    } catch (error) {
      throw inContext(`loop actions failed after loop ${loop}`, error);
    }
  }
}
