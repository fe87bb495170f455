import { failureFacts } from '../failures.ts';
import { recommendedVersion } from './task-context.ts';
import { addWarnings } from '../run/run.ts';
import type { Run } from '../run/run.ts';
import { runTask } from './run-task.ts';

/** Sends the manifest's notifications of the end. One that fails becomes a warning and does not change the ending. */
export async function notifyOfEnd(run: Run): Promise<void> {
  const { experiment } = run.state;
  // Numbered after the finish actions, so that no two notifications have the same idempotency key.
  const firstIndex = experiment?.finish.length ?? 0;
  for (const [index, task] of (experiment?.notifications ?? []).entries()) {
    try {
      const place = { action: 'finish', index: firstIndex + index } as const;
      await runTask(run, task, { version: recommendedVersion(run), place });
    } catch (error) {
      addWarnings(run, `notification ${index + 1} was not sent: ${failureFacts(error).message}`);
    }
  }
}
