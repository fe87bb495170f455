import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Sandbox, SupervisedProcess } from '../index.ts';
import { until } from '../processes/condition.ts';

const run = promisify(execFile);

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
      // All of the sandbox is on loopback.
      SERIN_ALLOWED_HOSTS: '127.0.0.1',
      SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
      SERIN_METRICS_ADDRESS: 'none',
    },
  });
  await until({ what: 'the worker to start', limitMs: 60_000, pollMs: 200 }, async () =>
    (await readFile(worker.logFile, 'utf8')).includes('worker started'),
  );
  return worker;
}

/** Starts `serin ui`; returns the address that opens the page once. */
export async function startPage(sandbox: Sandbox): Promise<string> {
  const page = await sandbox.run({
    name: 'serin-ui',
    command: process.execPath,
    args: [cliProgram, 'ui', '--no-open'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      USER: process.env['USER'] ?? '',
      TEMPORAL_ADDRESS: sandbox.temporal.address,
    },
  });
  return until({ what: 'the page', limitMs: 60_000, pollMs: 200 }, async () => {
    return /^http:\S+/m.exec(await readFile(page.logFile, 'utf8'))?.[0];
  });
}

/** Runs `serin watch` in this terminal; returns when the experiment has ended, or the signal is aborted. */
export async function followExperiment(sandbox: Sandbox, workflowId: string, signal: AbortSignal): Promise<void> {
  const watch = spawn(process.execPath, [cliProgram, 'watch', workflowId], {
    stdio: 'inherit',
    // A group of its own: Ctrl-C is for the demo, which then ends everything.
    detached: true,
    env: { ...process.env, TEMPORAL_ADDRESS: sandbox.temporal.address, SERIN_WEB_UI: sandbox.temporal.uiUrl },
  });
  const stop = (): void => {
    watch.kill('SIGKILL');
    if (process.stdout.isTTY) process.stdout.write(showCursor);
  };
  signal.addEventListener('abort', stop);
  await once(watch, 'exit');
  signal.removeEventListener('abort', stop);
}

const showCursor = '\u001B[?25h\n';

/** Reads the experiment's outcome and its reason, as `serin get -o json` prints them. */
export async function readOutcome(
  sandbox: Sandbox,
  workflowId: string,
): Promise<{ readonly outcome?: string; readonly reason?: string }> {
  const env = { ...process.env, TEMPORAL_ADDRESS: sandbox.temporal.address };
  const { stdout } = await run(process.execPath, [cliProgram, 'get', workflowId, '-o', 'json'], { env });
  const { status }: { status: { outcome?: string; reason?: string } } = JSON.parse(stdout);
  return status;
}
