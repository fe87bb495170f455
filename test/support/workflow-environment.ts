import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { timeSkippingServerPath } from './tools.ts';
import type { FakeWorld } from './fake-world.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import { startTemporalServer } from '../worker/temporal-server.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

export type ExperimentHandle = WorkflowHandle<ExperimentWorkflow>;

/** A Temporal test server that skips time, the bundle of the workflows, and workers that run a fake world. */
export interface WorkflowEnvironment {
  readonly env: TestWorkflowEnvironment;
  /** Starts an experiment in the world and hands it to `use`; the worker stops when `use` is done. */
  readonly run: <T>(world: FakeWorld, use: (handle: ExperimentHandle) => Promise<T>) => Promise<T>;
  readonly teardown: () => Promise<void>;
}

/**
 * Time passes only while a result is awaited, or when a test sleeps in the environment.
 *
 * @param bundle path of another bundle of the workflows.
 */
export async function startWorkflowEnvironment(bundle?: string): Promise<WorkflowEnvironment> {
  const path = await timeSkippingServerPath();
  const start = (): Promise<TestWorkflowEnvironment> =>
    TestWorkflowEnvironment.createTimeSkipping(
      path === undefined ? {} : { server: { executable: { type: 'existing-path', path } } },
    );
  return environmentOn(() => startWithin(3, start), bundle);
}

/**
 * A real development server, for what the time-skipping one does not know: search attributes, continue-as-new limits.
 *
 * @param bundle path of another bundle of the workflows.
 */
export async function startServerEnvironment(
  extraArgs: readonly string[] = [],
  bundle?: string,
): Promise<WorkflowEnvironment> {
  const server = await startTemporalServer(extraArgs);
  const { address } = server;
  const environment = await environmentOn(() => TestWorkflowEnvironment.createFromExistingServer({ address }), bundle);
  const teardown = async (): Promise<void> => {
    await environment.teardown();
    await server.remove();
  };
  return { ...environment, teardown };
}

async function environmentOn(
  start: () => Promise<TestWorkflowEnvironment>,
  bundle?: string,
): Promise<WorkflowEnvironment> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const env = await start();
  const workflowBundle = { codePath: bundle ?? (await bundleWorkflows()) };
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
        const handle = await env.client.workflow.start<ExperimentWorkflow>(workflowType, {
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

/** Starts a server, again where it was not there within the 5 s that the SDK gives it: on a busy machine it may take longer. */
async function startWithin(
  attempts: number,
  start: () => Promise<TestWorkflowEnvironment>,
): Promise<TestWorkflowEnvironment> {
  try {
    return await start();
  } catch (error) {
    const isLate = String(error).includes('did not start within');
    if (!isLate || attempts === 1) throw error;
    return startWithin(attempts - 1, start);
  }
}
