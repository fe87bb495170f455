import { sleep } from '@temporalio/workflow';
import { activitiesFor, objectsProxy } from '../../activities.ts';
import { loadedExperiment } from '../../run/run.ts';
import { finishedTask } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

/** Without objects it waits for the target and its versions, as iter8 did for the objects with weights. */
export const runReadinessTask: TaskRunner<'readiness'> = async (task, { run }) => {
  if (task.initialDelayMs > 0) await sleep(task.initialDelayMs, { summary: 'before the first look at the objects' });
  const experiment = loadedExperiment(run);
  if (task.objects.length === 0) {
    await activitiesFor(experiment).awaitReadiness({ experiment });
    return finishedTask('common/readiness');
  }
  await objectsProxy(task).checkObjects({ namespace: experiment.namespace, objects: task.objects });
  return finishedTask('common/readiness');
};
