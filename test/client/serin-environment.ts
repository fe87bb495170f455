import { Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { run } from '../../client/program.ts';
import type { TerminalDevice } from '../../client/terminal/terminal.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';

/** What a command printed, and how it ended. */
export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SerinOptions {
  /** Text is written in UTF-8. */
  readonly input?: string | Uint8Array;
  /** Whether the command has a terminal of 120 x 40 instead of a pipe. */
  readonly isScreen?: boolean;
  /** What the user types when asked. */
  readonly answer?: string;
  readonly interrupted?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  /** Receives everything that is written, as it is written. */
  readonly onWrite?: (stdout: string) => void;
}

/** A real Temporal server, workers of the real workflow in fake worlds, and the command line. */
export interface SerinEnvironment {
  readonly env: TestWorkflowEnvironment;
  readonly address: string;
  /** Runs a command against the server, in this process. */
  readonly serin: (args: readonly string[], options?: SerinOptions) => Promise<CommandRun>;
  readonly startExperiment: (workflowId: string, taskQueue?: string) => Promise<void>;
  /** Runs a worker on a task queue for as long as `use` takes. */
  readonly withWorker: <T>(taskQueue: string, world: FakeWorld, use: () => Promise<T>) => Promise<T>;
  readonly teardown: () => Promise<void>;
}

export async function startSerinEnvironment(extraArgs: readonly string[] = []): Promise<SerinEnvironment> {
  const { env, teardown } = await startServerEnvironment(extraArgs);
  const { address } = env;
  const workflowBundle = { codePath: await bundleWorkflows() };
  return {
    env,
    address,
    serin: (args, options) => runSerin([...args, ...addressFlags(args, address)], options),
    startExperiment: async (workflowId, taskQueue = workflowId) => {
      await env.client.workflow.start<ExperimentWorkflow>(workflowType, { workflowId, taskQueue, args: ['manifest'] });
    },
    withWorker: (taskQueue, world, use) => withWorker({ env, workflowBundle, taskQueue }, world, use),
    teardown,
  };
}

function addressFlags(args: readonly string[], address: string): readonly string[] {
  return args.includes('--address') || args[0] === 'lint' || args.includes('--help') ? [] : ['--address', address];
}

/** Runs a command line in this process, as `client/serin.ts` does. */
export async function runSerin(args: readonly string[], options: SerinOptions = {}): Promise<CommandRun> {
  let stdout = '';
  let stderr = '';
  const device: TerminalDevice = {
    write: (text) => {
      stdout += text;
      options.onWrite?.(stdout);
    },
    writeError: (text) => void (stderr += text),
    readInput: async () => {
      const { input = '' } = options;
      return typeof input === 'string' ? new TextEncoder().encode(input) : input;
    },
    readLine: async () => options.answer ?? '',
    isScreen: options.isScreen ?? false,
    size: () => ({ columns: 120, rows: 40 }),
    env: options.env ?? {},
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const exitCode = await run(args, device, 'serin');
  return { exitCode, stdout, stderr };
}

interface WorkerPlace {
  readonly env: TestWorkflowEnvironment;
  readonly workflowBundle: WorkflowBundleOption;
  readonly taskQueue: string;
}

async function withWorker<T>(
  { env, workflowBundle, taskQueue }: WorkerPlace,
  { activities }: FakeWorld,
  use: () => Promise<T>,
): Promise<T> {
  const worker = await Worker.create({ connection: env.nativeConnection, taskQueue, workflowBundle, activities });
  return worker.runUntil(use);
}
