import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sandbox, SupervisedProcess } from '../../sandbox/index.ts';
import { until } from './until.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

export interface WorkerProcessOptions {
  readonly name: string;
  /** A queue of its own keeps a worker's crashes away from other tests. */
  readonly taskQueue: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the sources' own. */
  readonly program?: readonly [command: string, ...args: string[]];
}

const main = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));

/** Starts a real worker process against the sandbox and waits until it says that it has started; its first poll may follow. */
export async function startWorkerProcess(
  sandbox: Sandbox,
  { name, taskQueue, env = {}, program = [process.execPath, main] }: WorkerProcessOptions,
): Promise<SupervisedProcess> {
  const bundle = env['SERIN_WORKFLOW_BUNDLE'] ?? (await bundleWorkflows());
  const [command, ...args] = program;
  const worker = await sandbox.run({
    name,
    command,
    args,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TEMPORAL_ADDRESS: sandbox.temporal.address,
      SERIN_TASK_QUEUE: taskQueue,
      SERIN_PROMETHEUS_URL: sandbox.prometheus.url,
      SERIN_PROMETHEUS_SCRAPE_INTERVAL: '500ms',
      SERIN_KUBECONFIG: sandbox.workerKubeconfig,
      SERIN_HELM_PATH: sandbox.tools.helm,
      // All of the sandbox is on loopback.
      SERIN_ALLOWED_HOSTS: '127.0.0.1,localhost',
      SERIN_HELM_PENDING_LIMIT: '5s',
      SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
      SERIN_METRICS_ADDRESS: 'none',
      SERIN_WORKFLOW_BUNDLE: bundle,
      ...env,
    },
  });
  let hasEnded = false;
  void worker.exited.then(() => (hasEnded = true));
  const log = await until(`${name} to start`, async () => {
    // Read after it: what a process says last is in its log.
    const isLast = hasEnded;
    const said = await readFile(worker.logFile, 'utf8');
    return (said.includes('worker started') || isLast) && said;
  });
  if (!log.includes('worker started')) throw new EndedAtStart(`${name} has ended:\n${log.slice(-2_000)}`);
  return worker;
}

/** A worker that cannot reach Temporal ends, for its supervisor to start it again. */
export class EndedAtStart extends Error {
  override readonly name = 'EndedAtStart';
}

/** `kill -9`; returns when the process is gone. */
export async function killWorker(worker: SupervisedProcess): Promise<void> {
  worker.signal('SIGKILL');
  await worker.exited;
}
