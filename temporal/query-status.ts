import type { WorkflowHandle } from '@temporalio/client';
import { askAgain, statusQuery } from '../contract/messages.ts';
import { failureDetails } from './grpc.ts';

const pauseMs = 200;

/** The pauses are shorter in all than a sticky workflow task waits for a worker that is lost, and a half longer than it then takes. */
const mostAttempts = 75;

/** The report of a run that is open, or that a worker still knows. Where the run is at a workflow task, it is asked again. */
export async function queryStatus(handle: Pick<WorkflowHandle, 'query'>): ReturnType<typeof askOnce> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(handle);
    } catch (error) {
      if (attempt >= mostAttempts || !failureDetails(error).includes(askAgain)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function askOnce(handle: Pick<WorkflowHandle, 'query'>) {
  return handle.query(statusQuery);
}
