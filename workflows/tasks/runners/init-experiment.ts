import { activitiesFor } from '../../activities.ts';
import { loadedExperiment } from '../../run/run.ts';
import { finishedTask } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runInitTask: TaskRunner<'init-experiment'> = async (_task, { run }) => {
  const experiment = loadedExperiment(run);
  await activitiesFor(experiment).awaitReadiness({ experiment });
  return finishedTask('knative/init-experiment');
};
