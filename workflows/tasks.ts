import { ApplicationFailure } from '@temporalio/workflow';
import type { Role } from '../core/experiment.ts';
import type { FinishedTask } from '../core/finished-tasks.ts';
import { isHelm, renderArgs } from '../core/task.ts';
import type { ExecTask } from '../core/task.ts';
import { activitiesFor } from './activities.ts';
import { experimentOf, holderOf } from './run.ts';
import type { Run } from './run.ts';

/** Runs one command; its arguments are rendered here, so that the Web UI shows what runs. */
export async function runTask(run: Run, task: ExecTask, winner: Role): Promise<FinishedTask> {
  const experiment = experimentOf(run);
  const rendered = renderArgs(task, experiment[winner]);
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
  const { release } = await (isHelm(task) ? runHelm(input) : runCommand(input));
  return { command: task.command, args: rendered.args, ...(release === undefined ? {} : { release }) };
}
