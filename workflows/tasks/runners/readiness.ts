import { sleep } from '@temporalio/workflow';
import { objectsProxy } from '../../activities.ts';
import { loadedExperiment } from '../../run/run.ts';
import { finishedTask } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runReadinessTask: TaskRunner<'readiness'> = async (task, { run }) => {
  if (task.initialDelayMs > 0) await sleep(task.initialDelayMs, { summary: 'before the first look at the objects' });
  await objectsProxy(task).checkObjects({ namespace: loadedExperiment(run).namespace, objects: task.objects });
  return finishedTask('common/readiness');
};
