import { defined } from '../../../core/text/defined.ts';
import { renderText } from '../../../core/tasks/task.ts';
import { taskActivities } from '../../activities.ts';
import { loadedExperiment } from '../../run/run.ts';
import { programInput, trackProgram } from '../task-programs.ts';
import { finishedTask, requireParts } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runScriptTask: TaskRunner<'script'> = async (task, { run, context }) => {
  const { delimiters, secret } = task;
  const { runScript } = taskActivities(loadedExperiment(run));
  const script = requireParts(
    renderText(task.script, context, { delimiters, hasSecret: secret !== undefined, isScript: true }),
  );
  await trackProgram(run, () => runScript({ ...programInput(run), script, ...defined({ secret }) }));
  return finishedTask('bash');
};
