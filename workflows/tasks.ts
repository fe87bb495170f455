import { ApplicationFailure } from '@temporalio/workflow';
import type { Version } from '../core/experiment.ts';
import type { FinishedTask } from '../core/finished-tasks.ts';
import { isHelm, renderArgs } from '../core/task.ts';
import type { ExecTask } from '../core/task.ts';
import { activitiesFor } from './activities.ts';
import { isUnheard } from './failures.ts';
import { experimentOf, holderOf } from './run.ts';
import type { Run } from './run.ts';

/** From the limit of a command to the end of its processes, with a margin. */
const stopMs = 15_000;

/** Runs one command; its arguments are rendered here, so that the Web UI shows what runs. */
export async function runTask(run: Run, task: ExecTask, winner: Version): Promise<FinishedTask> {
  const experiment = experimentOf(run);
  const rendered = renderArgs(task, winner);
  if (rendered.kind === 'invalid') throw ApplicationFailure.nonRetryable(rendered.problem, 'InvalidManifest');
  const { runHelm, runCommand } = activitiesFor(experiment);
  const input = {
    target: experiment.target,
    holder: holderOf(run),
    command: task.command,
    args: rendered.args,
    limitMs: experiment.taskLimitMs,
  };
  run.taskStarted = true;
  const { release } = await (isHelm(task) ? runHelm(input) : runCommand(input)).catch((error: unknown) => {
    // Its worker may have lost Temporal only, and go on until the command's own limit.
    if (isUnheard(error)) run.tasksGoneAtMs = Date.now() + experiment.taskLimitMs + stopMs;
    throw error;
  });
  return { command: task.command, args: rendered.args, ...(release === undefined ? {} : { release }) };
}
