import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sandbox, SupervisedProcess } from '../index.ts';
import { until } from '../processes/condition.ts';

const workerProgram = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));
const cliProgram = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));

/** Starts a serin worker with the rights of its service account, and returns when it polls. */
export async function startWorker(sandbox: Sandbox): Promise<SupervisedProcess> {
  const worker = await sandbox.run({
    name: 'serin-worker',
    command: process.execPath,
    args: [workerProgram],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TEMPORAL_ADDRESS: sandbox.temporal.address,
      SERIN_PROMETHEUS_URL: sandbox.prometheus.url,
      SERIN_PROMETHEUS_SCRAPE_INTERVAL: '1s',
      SERIN_KUBECONFIG: sandbox.workerKubeconfig,
      SERIN_HELM_PATH: sandbox.tools.helm,
      SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
      SERIN_METRICS_ADDRESS: 'none',
    },
  });
  await until({ what: 'the worker to start', limitMs: 60_000, pollMs: 200 }, async () =>
    (await readFile(worker.logFile, 'utf8')).includes('worker started'),
  );
  return worker;
}

/** `serin watch` in this terminal; returns when the experiment has ended. */
export async function followExperiment(sandbox: Sandbox, workflowId: string): Promise<void> {
  const watch = spawn(process.execPath, [cliProgram, 'watch', workflowId], {
    stdio: 'inherit',
    env: { ...process.env, TEMPORAL_ADDRESS: sandbox.temporal.address, SERIN_WEB_UI: sandbox.temporal.uiUrl },
  });
  await once(watch, 'exit');
}
