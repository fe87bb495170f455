import { workflowMetadataQuery } from '@temporalio/workflow';
import type { ActivateInput, WorkflowInterceptors } from '@temporalio/workflow';
import { askAgain } from '../contract/messages.ts';
import { showDetails } from './run/visibility.ts';

type Activation = ActivateInput['activation'];

/** Watches what Temporal's SDK has a run do. */
export function interceptors(): WorkflowInterceptors {
  let last: Activation | undefined;
  return {
    internals: [
      {
        activate: (input, next) => {
          const { activation } = input;
          if (hasWork(activation)) {
            if (last !== undefined && isPremature(activation, last)) throw new Error(askAgain);
            last = activation;
          }
          if (asksForDetails(activation)) showDetails();
          next(input);
        },
      },
    ],
  };
}

/** Renders the Web UI's details only for the query that asks for them: each iteration changes the state many times. */
function asksForDetails({ jobs }: Activation): boolean {
  return jobs?.some(({ queryWorkflow }) => queryWorkflow?.queryType === workflowMetadataQuery.name) ?? false;
}

function hasWork({ jobs }: Activation): boolean {
  return jobs?.some(({ queryWorkflow, removeFromCache }) => !queryWorkflow && !removeFromCache) ?? false;
}

/**
 * Whether events are handed over that no workflow task has begun with: the history has grown, but no task has started, which would bring
 * its time and size. A query does that to a run whose worker was lost; what the run then did, no replay would find
 * ([decision 71](../docs/decisions/0071-a-query-does-not-carry-a-run-on.md)).
 */
function isPremature(activation: Activation, last: Activation): boolean {
  const hasGrown = (activation.historyLength ?? 0) > (last.historyLength ?? 0);
  return hasGrown && describeTask(activation) === describeTask(last);
}

/** The time and the size of the history at which a workflow task began. */
function describeTask({ timestamp, historySizeBytes }: Activation): string {
  return [timestamp?.seconds, timestamp?.nanos, historySizeBytes].join();
}
