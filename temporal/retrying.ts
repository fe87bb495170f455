import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { cutText } from '../core/text/limits.ts';
import type { Retrying } from '../core/report/report.ts';

/** The most characters of a failure that are repeated: a preflight lists all that it has found. */
const longestReason = 1_000;

/** A held target is what a run waits for, and its report names the holder. */
const waiting = 'TargetHeld';

type Execution = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>;

/**
 * What a run tries again and again now, with the failure of the last attempt, which no event tells before the activity ends;
 * undefined where nothing has failed.
 */
export async function readRetrying(client: Client, { workflowId, runId }: Execution): Promise<Retrying | undefined> {
  const { namespace } = client.options;
  const request = { namespace, execution: { workflowId, runId } };
  const { pendingActivities } = await client.workflowService.describeWorkflowExecution(request);
  return findRetrying(pendingActivities);
}

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** The pending activity that has failed most often. */
export function findRetrying(pendingActivities: readonly PendingActivity[] | null | undefined): Retrying | undefined {
  const failing = (pendingActivities ?? []).filter(({ lastFailure }) => {
    return lastFailure && lastFailure.applicationFailureInfo?.type !== waiting;
  });
  const [most] = failing.toSorted((a, b) => (b.attempt ?? 0) - (a.attempt ?? 0));
  if (most === undefined) return undefined;
  const message = most.lastFailure?.message ?? '';
  return {
    activity: most.activityType?.name ?? '',
    // The attempt that is waited for, or is under way, has not failed yet.
    failedAttempts: Math.max(1, (most.attempt ?? 2) - 1),
    reason: cutText(message === '' ? 'without a message' : message, longestReason),
  };
}
