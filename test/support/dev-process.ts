import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sandbox, SupervisedProcess } from '../../sandbox/index.ts';
import { freePort, takePort } from '../../sandbox/processes/ports.ts';
import { linkPrograms } from './programs.ts';
import { until } from './until.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

/** What `serin dev` is started with. */
export interface DevPlace {
  /** Empty at first: the home and the place of all that it keeps. */
  readonly folder: string;
  readonly port: number;
  /** The Kubernetes namespace that its operator watches. */
  readonly namespace: string;
}

/** `serin dev` as a process of its own. */
export interface DevProcess {
  readonly process: SupervisedProcess;
  readonly printed: () => Promise<string>;
  /** Until it says that it is ready, and what to do next. */
  readonly untilReady: () => Promise<void>;
}

const serin = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));

/** Starts `serin dev` for the sandbox's cluster, with the `temporal` that is on its PATH. */
export async function startDev(sandbox: Sandbox, { folder, port, namespace }: DevPlace): Promise<DevProcess> {
  const programs = join(sandbox.stateDirectory, 'dev-programs', String(runs));
  const name = `dev-${(runs += 1)}`;
  const started = await sandbox.run({
    name,
    command: process.execPath,
    args: [serin, 'dev', '--port', String(port)],
    env: {
      PATH: await linkPrograms(sandbox, programs, ['temporal', 'helm', 'kubectl']),
      HOME: folder,
      KUBECONFIG: sandbox.kubeconfig,
      // Of a Temporal that is not meant.
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      SERIN_PROMETHEUS_URL: sandbox.prometheus.url,
      SERIN_PROMETHEUS_SCRAPE_INTERVAL: '500ms',
      SERIN_ALLOWED_HOSTS: '127.0.0.1',
      SERIN_OPERATOR_NAMESPACE: namespace,
      SERIN_WORKFLOW_BUNDLE: await bundleWorkflows(),
      [mark]: folder,
    },
  });
  const printed = () => readFile(started.logFile, 'utf8');
  return {
    process: started,
    printed,
    untilReady: async () => {
      const ended = started.exited.then(() => 'ended' as const);
      const ready = until('serin dev to be ready', async () => (await printed()).includes('In another terminal:'));
      const how = await Promise.race([ready, ended]).catch(() => 'late' as const);
      if (how !== true) throw new Error(`serin dev is not ready (${how}); it printed:\n${await printed()}`);
    },
  };
}

/** A port whose Web UI's port, 1000 above, is free too. */
export async function devPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await takePort(port + 1000)) return port;
  }
}

let runs = 0;

const mark = 'DEV_TEST';

/** The processes of all that `serin dev` has started in the folder, but for those that it has ended. */
export async function processesOf({ folder }: Pick<DevPlace, 'folder'>): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
      if (!environment.split('\0').includes(`${mark}=${folder}`)) return [];
      return [(await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim()];
    }),
  );
  return found.flat();
}
