import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { timeSkippingServerPath } from './tools.ts';
import type { experiment } from '../../workflows/index.ts';
import type { FakeWorld } from './fake-world.ts';

export type ExperimentHandle = WorkflowHandle<typeof experiment>;

/** A Temporal test server that skips time, the bundle of the workflows, and workers that run a fake world. */
export interface WorkflowEnvironment {
  readonly env: TestWorkflowEnvironment;
  /** Starts an experiment in the world and hands it to `use`; the worker stops when `use` is done. */
  readonly run: <T>(world: FakeWorld, use: (handle: ExperimentHandle) => Promise<T>) => Promise<T>;
  readonly teardown: () => Promise<void>;
}

const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

export async function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
}

export async function startWorkflowEnvironment(): Promise<WorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const path = await timeSkippingServerPath();
  const env = await TestWorkflowEnvironment.createTimeSkipping(
    path === undefined ? {} : { server: { executable: { type: 'existing-path', path } } },
  );
  const workflowBundle = await bundleWorkflows();
  let experiments = 0;
  return {
    env,
    run: async (world, use) => {
      experiments += 1;
      const taskQueue = `test-${experiments}`;
      const worker = await Worker.create({
        connection: env.nativeConnection,
        taskQueue,
        workflowBundle,
        activities: world.activities,
      });
      return worker.runUntil(async () => {
        const handle = await env.client.workflow.start<typeof experiment>('experiment', {
          taskQueue,
          workflowId: taskQueue,
          args: ['manifest'],
        });
        return use(handle);
      });
    },
    teardown: () => env.teardown(),
  };
}
