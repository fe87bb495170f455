import { defined } from '../../../core/text/defined.ts';
import { isHelm, renderArgs } from '../../../core/tasks/task.ts';
import { taskActivities } from '../../activities.ts';
import { loadedExperiment } from '../../run/run.ts';
import { programInput, trackProgram } from '../task-programs.ts';
import { invalidTask } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runExecTask: TaskRunner<'exec'> = async (task, { run, context }) => {
  const { command } = task;
  const rendered = renderArgs(task, context.version);
  if (rendered.kind === 'invalid') throw invalidTask(rendered.problem);
  const { args } = rendered;
  const { runHelm, runCommand } = taskActivities(loadedExperiment(run));
  const { pins } = run.state.preflight ?? {};
  const input = { ...programInput(run), command, args };
  const { release } = await trackProgram(run, () =>
    isHelm(task) ? runHelm({ ...input, ...defined({ pins }) }) : runCommand(input),
  );
  return { command, args, ...defined({ release }) };
};
