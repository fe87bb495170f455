import type { TemporalService } from '../../temporal/settings.ts';

/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowTaskQueue = 1;

/** Whether a worker has polled the task queue within the last minutes, as far as Temporal says. */
export async function hasWorker({ client, namespace }: TemporalService, taskQueue: string): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: workflowTaskQueue,
  });
  return (pollers ?? []).length > 0;
}
