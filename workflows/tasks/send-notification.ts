import { isCancellation } from '@temporalio/workflow';
import { failureFacts } from '../failures.ts';
import { addWarnings } from '../run/run.ts';
import type { TaskExecution } from './task-execution.ts';

interface OutgoingNotification {
  readonly name: string;
  readonly ignoreFailure: boolean;
  readonly send: () => Promise<void>;
}

/** Whoever cannot be told does not stop the experiment, unless the task says so. */
export async function sendNotification(
  { run }: TaskExecution,
  { name, ignoreFailure, send }: OutgoingNotification,
): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!ignoreFailure || isCancellation(error)) throw error;
    addWarnings(run, `${name} failed, which it may: ${failureFacts(error).message}`);
  }
}

/** One key for each task of each action of a run, and of each loop: the same however often it is tried. */
export function taskIdempotencyKey({ run, place: { action, index, loop } }: TaskExecution): string {
  return [run.state.firstRunId, loop === undefined ? action : `${action}-${loop}`, String(index)].join('/');
}
