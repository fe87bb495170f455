import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultTaskQueue } from '../../contract/names.ts';
import { defined } from '../../core/text/defined.ts';
import { siblingModule } from '../../core/text/sibling-module.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import type { ConnectionFlags } from '../context.ts';
import { prometheusSettings } from '../files/prometheus-place.ts';
import type { PrometheusFlags } from '../files/prometheus-place.ts';
import type { Program } from './kept-program.ts';

const workerFile = fileURLToPath(siblingModule(import.meta.url, '../../worker/main'));

export interface WorkerPlace {
  readonly directory: string;
  readonly connection: ConnectionFlags;
  readonly flags: KubernetesFlags & PrometheusFlags;
}

/** A worker that is the operator too; all other settings are those of this process's environment. */
export async function devWorker({ directory, connection, flags }: WorkerPlace): Promise<Program> {
  const { SERIN_KUBECONFIG: _, ...env } = process.env;
  return {
    name: 'the worker',
    command: process.execPath,
    // As in the image.
    args: ['--max-semi-space-size=8', workerFile],
    logFile: join(directory, 'worker.log'),
    env: {
      SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
      SERIN_METRICS_ADDRESS: 'none',
      SERIN_SHUTDOWN_GRACE: '10s',
      ...env,
      ...(await temporalEnvironment(connection, directory)),
      ...defined(prometheusSettings(flags)),
      ...(await kubernetesEnvironment(flags, directory)),
      SERIN_TASK_QUEUE: defaultTaskQueue,
      SERIN_OPERATOR: 'true',
    },
  };
}

/** For a development server nothing of the user's own configuration of Temporal counts. */
async function temporalEnvironment({ address, namespace, isLocal }: ConnectionFlags, directory: string) {
  const chosen = defined({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
  if (isLocal !== true) return chosen;
  const path = join(directory, 'temporal.toml');
  await writeFile(path, '[profile.default]\n');
  const names = Object.keys(process.env).filter((name) => name.startsWith('TEMPORAL_'));
  const cleared = Object.fromEntries(names.map((name) => [name, undefined]));
  return { ...cleared, ...chosen, TEMPORAL_CONFIG_FILE: path };
}

/**
 * The kubeconfig for worker, helm and kubectl, before it a file with the context alone: so they stay in the cluster when somebody
 * chooses another context meanwhile.
 */
async function kubernetesEnvironment({ kubeconfig, context }: KubernetesFlags, directory: string) {
  const usual = join(homedir(), '.kube', 'config');
  const chosen = kubeconfig ?? (process.env['KUBECONFIG'] || usual);
  // The account of a pod has neither file nor context.
  if (chosen === usual && !existsSync(usual)) return {};
  const path = join(directory, 'context');
  await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': context }));
  return { KUBECONFIG: [path, chosen].join(delimiter) };
}
