import { workflowMetadataQuery } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { showDetails } from './run/visibility.ts';

/** Renders the Web UI's details only for the query that asks for them: each iteration changes the state many times. */
export function interceptors(): WorkflowInterceptors {
  return {
    internals: [
      {
        activate: (input, next) => {
          const { jobs } = input.activation;
          if (jobs?.some(({ queryWorkflow }) => queryWorkflow?.queryType === workflowMetadataQuery.name)) showDetails();
          next(input);
        },
      },
    ],
  };
}
