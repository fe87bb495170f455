import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../test/support/workflow-bundle.ts';

/** Replays the histories of runs with the present code, one after another; returns what those say that do not replay. */
export async function findUnreplayable(handles: readonly WorkflowHandle[]): Promise<readonly string[]> {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const codePath = await bundleWorkflows();
  const problems: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: { codePath } },
    fetchAll(handles),
  ))
    if (error !== undefined) problems.push(`${workflowId}: ${error.message}`);
  return problems;
}

async function* fetchAll(handles: readonly WorkflowHandle[]) {
  for (const handle of handles) yield { workflowId: handle.workflowId, history: await handle.fetchHistory() };
}
