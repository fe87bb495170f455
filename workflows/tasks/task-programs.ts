import type { RunTaskResult } from '../../contract/tasks.ts';
import { isUnheard } from '../failures.ts';
import { asHolder, loadedExperiment } from '../run/run.ts';
import type { Run } from '../run/run.ts';

/** What every activity that runs a program is told. */
export function programInput(run: Run) {
  const { target, taskLimitMs: limitMs } = loadedExperiment(run);
  return { target, holder: asHolder(run), limitMs };
}

/** From the limit of a command to the end of its processes, with a margin. */
const stopMs = 15_000;

/** Whatever may write to the target is kept in mind until it is known to be gone. */
export async function trackProgram(run: Run, work: () => Promise<RunTaskResult>): Promise<RunTaskResult> {
  run.taskStarted = true;
  try {
    return await work();
  } catch (error) {
    // Its worker may have lost Temporal only, and go on until the command's own limit.
    if (isUnheard(error)) run.tasksGoneAtMs = Date.now() + loadedExperiment(run).taskLimitMs + stopMs;
    throw error;
  }
}
