import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { Sandbox, SupervisedProcess } from '../../sandbox/index.ts';
import { until } from './until.ts';

export interface WorkerProcessOptions {
  readonly name: string;
  /** A queue of its own keeps a worker's crashes away from other tests. */
  readonly taskQueue: string;
  readonly env?: Readonly<Record<string, string>>;
}

const main = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));
const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

const bundles = new WeakMap<Sandbox, Promise<string>>();

/** Starts a real worker process against the sandbox and waits until it polls. */
export async function startWorkerProcess(
  sandbox: Sandbox,
  { name, taskQueue, env = {} }: WorkerProcessOptions,
): Promise<SupervisedProcess> {
  const bundle = bundles.get(sandbox) ?? writeBundle(sandbox);
  bundles.set(sandbox, bundle);
  const worker = await sandbox.run({
    name,
    command: process.execPath,
    args: [main],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TEMPORAL_ADDRESS: sandbox.temporal.address,
      SERIN_TASK_QUEUE: taskQueue,
      SERIN_PROMETHEUS_URL: sandbox.prometheus.url,
      SERIN_PROMETHEUS_SCRAPE_INTERVAL: '500ms',
      SERIN_KUBECONFIG: sandbox.workerKubeconfig,
      SERIN_HELM_PATH: sandbox.tools.helm,
      SERIN_HELM_PENDING_LIMIT: '5s',
      SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
      SERIN_METRICS_ADDRESS: 'none',
      SERIN_WORKFLOW_BUNDLE: await bundle,
      ...env,
    },
  });
  await until(`${name} to start`, async () => (await readFile(worker.logFile, 'utf8')).includes('worker started'));
  return worker;
}

/** `kill -9`; returns when the process is gone. */
export async function killWorker(worker: SupervisedProcess): Promise<void> {
  worker.signal('SIGKILL');
  await worker.exited;
}

/** Bundling takes seconds; the workers of a sandbox share one bundle. */
async function writeBundle(sandbox: Sandbox): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const path = join(sandbox.stateDirectory, 'workflows.js');
  await writeFile(path, code);
  return path;
}
