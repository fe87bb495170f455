import type { Session } from './connection.ts';

/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowTaskQueue = 1;

/** Whether a worker has polled the task queue within the last minutes, as far as Temporal says. */
export async function hasWorker({ client, namespace }: Session, taskQueue: string): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: workflowTaskQueue,
  });
  return (pollers ?? []).length > 0;
}
