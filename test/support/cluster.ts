import { Client, Connection } from '@temporalio/client';
import { startSandbox } from '../../sandbox/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { startWorkerProcess } from './worker-process.ts';

/** A sandbox, a client of its Temporal, and a worker on `taskQueue` that no test may harm. */
export interface TestCluster {
  readonly sandbox: Sandbox;
  readonly client: Client;
  readonly taskQueue: string;
}

/** A Temporal namespace without serin's search attributes. */
export const plainNamespace = 'plain';

// One cluster serves all files of a run: the suites run one after another in one process, and it ends with that process.
const globals = globalThis as { serinTestCluster?: Promise<TestCluster> };

export function testCluster(): Promise<TestCluster> {
  globals.serinTestCluster ??= start();
  return globals.serinTestCluster;
}

async function start(): Promise<TestCluster> {
  const sandbox = await startSandbox({ scrapeIntervalMs: 500, plainNamespaces: [plainNamespace] });
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const taskQueue = 'serin';
  await startWorkerProcess(sandbox, { name: 'worker', taskQueue });
  return { sandbox, client: new Client({ connection }), taskQueue };
}
