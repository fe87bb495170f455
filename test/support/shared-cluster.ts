import { Client, Connection } from '@temporalio/client';
import { connectSandbox, shareSandbox, startSandbox } from '../../sandbox/index.ts';
import type { Sandbox, SandboxReference } from '../../sandbox/index.ts';
import { bundleWorkflows } from './workflow-bundle.ts';
import { startWorkerProcess } from './worker-process.ts';

/** A sandbox, a client of its Temporal, and a worker on `taskQueue` that no test may harm. */
export interface TestCluster {
  readonly sandbox: Sandbox;
  readonly client: Client;
  readonly taskQueue: string;
}

/** What another process needs to use it. */
export type ClusterReference = SandboxReference;

/** A Temporal namespace without serin's search attributes. */
export const plainNamespace = 'plain';

const taskQueue = 'serin';

/**
 * Starts a sandbox with a worker for all who connect to it.
 *
 * @param bundleDirectory where the workflows' bundle is, or shall be.
 */
export async function startSharedCluster(
  bundleDirectory?: string,
): Promise<{ readonly reference: ClusterReference; readonly stop: () => Promise<void> }> {
  const [sandbox, bundle] = await Promise.all([
    startSandbox({ scrapeIntervalMs: 500, plainNamespaces: [plainNamespace] }),
    bundleWorkflows({}, bundleDirectory),
  ]);
  await startWorkerProcess(sandbox, { name: 'worker', taskQueue, env: { SERIN_WORKFLOW_BUNDLE: bundle } });
  const { reference, close } = await shareSandbox(sandbox);
  const stop = async (): Promise<void> => {
    await close();
    await sandbox.stop();
  };
  return { reference, stop };
}

export async function connectCluster(reference: ClusterReference): Promise<TestCluster> {
  const sandbox = await connectSandbox(reference);
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  return { sandbox, client: new Client({ connection }), taskQueue };
}
