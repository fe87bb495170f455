import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { cutText } from '../core/text/limits.ts';

/** The most characters of the reason that are repeated: it may hold a stack. */
const longestReason = 500;

/** As many of the newest events as may stand behind the failure of a task. */
const events = 20;

/**
 * Why the workflow task of a running workflow fails again and again; undefined when it does not. Temporal writes the first of such
 * failures into the history and then only counts them.
 */
export async function readTaskFailure(
  client: Client,
  { workflowId, runId }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>,
): Promise<string | undefined> {
  const { workflowService } = client;
  const { namespace } = client.options;
  const execution = { workflowId, runId };
  const { pendingWorkflowTask } = await workflowService.describeWorkflowExecution({ namespace, execution });
  if ((pendingWorkflowTask?.attempt ?? 0) < 2) return undefined;
  const request = { namespace, execution, maximumPageSize: events };
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse(request);
  const newest = history?.events ?? [];
  const end = newest.find(
    (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
  );
  const failure = end?.workflowTaskFailedEventAttributes?.failure;
  if (failure === undefined || failure === null) return undefined;
  return cutText(failure.message?.split('\n')[0] ?? 'without a message', longestReason);
}
