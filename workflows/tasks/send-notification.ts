import { isCancellation } from '@temporalio/workflow';
import { failureFacts } from '../failures.ts';
import { addWarnings } from '../run/run.ts';
import type { TaskExecution } from './task-execution.ts';

interface OutgoingNotification {
  readonly name: string;
  readonly ignoreFailure: boolean;
  readonly send: () => Promise<void>;
}

/** Sends a notification. Its failure is a warning where the task ignores failures; a cancellation is always thrown. */
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

/** The key of a task, equal in all its attempts: `<first run id>/<action>/<index>`, with `<action>-<loop>` in loop actions. */
export function taskIdempotencyKey({ run, place: { action, index, loop } }: TaskExecution): string {
  return [run.state.firstRunId, loop === undefined ? action : `${action}-${loop}`, String(index)].join('/');
}
