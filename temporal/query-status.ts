import type { WorkflowHandle } from '@temporalio/client';
import { askAgain, statusQuery } from '../contract/messages.ts';
import type { Report } from '../core/report/report.ts';
import { failureDetails } from './grpc.ts';

const pauseMs = 200;

/** In all half as long again as a workflow task waits for the worker that had the run, once that is lost. */
const mostAttempts = 75;

/** Whether the run's next workflow task is still to come. */
export function isBetweenTasks(error: unknown): boolean {
  return failureDetails(error).includes(askAgain);
}

/**
 * The report of a run that is open, or that a worker still knows. Where its next workflow task is still to come it is asked again; what that
 * ends with, such as the deadline of the caller, is then not the reason.
 */
export async function queryStatus(handle: Pick<WorkflowHandle, 'query'>): Promise<Report> {
  let before: unknown;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handle.query(statusQuery);
    } catch (error) {
      if (!isBetweenTasks(error)) throw before ?? error;
      if (attempt >= mostAttempts) throw error;
      before = error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
