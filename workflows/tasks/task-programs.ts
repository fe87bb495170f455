import type { RunTaskResult } from '../../contract/tasks.ts';
import { isUnheard } from '../failures.ts';
import { currentTimeMs } from '../run/clock.ts';
import { asHolder, loadedExperiment } from '../run/run.ts';
import type { Run } from '../run/run.ts';

/** The input that all activities that run a program share. */
export function programInput(run: Run) {
  const { namespace, target, taskLimitMs: limitMs } = loadedExperiment(run);
  return { namespace, target, holder: asHolder(run), limitMs };
}

/** The time from the limit of a command to the end of its processes, with a margin. */
const stopMs = 15_000;

/** Runs a program that may write to the target. The run records that it started and, after a timeout, until when it may go on. */
export async function trackProgram(run: Run, work: () => Promise<RunTaskResult>): Promise<RunTaskResult> {
  run.taskStarted = true;
  try {
    return await work();
  } catch (error) {
    // The worker may have lost only its connection to Temporal, and go on until the command's own limit.
    if (isUnheard(error)) run.tasksGoneAtMs = currentTimeMs() + loadedExperiment(run).taskLimitMs + stopMs;
    throw error;
  }
}
