import { failureFacts } from '../failures.ts';
import { recommendedVersion } from './task-context.ts';
import { addWarnings } from '../run/run.ts';
import type { Run } from '../run/run.ts';
import { runTask } from './run-task.ts';

/** Tells whoever the manifest names how the experiment has ended. Nobody who cannot be told changes the ending. */
export async function notifyOfEnd(run: Run): Promise<void> {
  const { experiment } = run.state;
  // Behind the finish actions, so that no two notices have the same key.
  const behind = experiment?.finish.length ?? 0;
  for (const [index, task] of (experiment?.notifications ?? []).entries()) {
    try {
      const place = { action: 'finish', index: behind + index } as const;
      await runTask(run, task, { version: recommendedVersion(run), place });
    } catch (error) {
      addWarnings(run, `notification ${index + 1} was not sent: ${failureFacts(error).message}`);
    }
  }
}
