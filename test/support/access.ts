import { KubeConfig } from '@kubernetes/client-node';
import { connectAccounts } from '../../activities/accounts.ts';
import type { Accounts } from '../../activities/accounts.ts';
import type { CommandBounds } from '../../activities/commands/bounds.ts';
import { commandEnvironment } from '../../activities/commands/environment.ts';
import type { ChartDownloads } from '../../activities/helm/chart-files.ts';
import { download } from '../../activities/http/download.ts';
import { requestBytes } from '../../activities/http/request-text.ts';
import type { HttpRequest } from '../../activities/http/request-text.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { asActivity } from './activity.ts';
import { until } from './until.ts';

/** The sandbox's worker's way into the cluster: as the account `serin` of each namespace. */
export function accountsOf({ workerKubeconfig, tools }: Sandbox, warn = (_: string): void => undefined): Accounts {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(workerKubeconfig);
  const environment = commandEnvironment({ ...process.env, KUBECONFIG: workerKubeconfig });
  const helm = { path: tools.helm, pendingLimitMs: 0, downloadsFor: () => anyDownloads };
  return connectAccounts({
    kubeConfig,
    serviceAccount: 'serin',
    helm,
    environment,
    bounds: defaultBounds,
    warn,
  });
}

/** A worker's bounds where nothing else is set. */
export const defaultBounds: CommandBounds = { memoryBytes: 1024 ** 3, user: undefined };

/** Charts and values from any address, registries without a login. */
export const anyDownloads: ChartDownloads = {
  download: downloadAnything,
  registries: {
    ask: (request) => requestBytes({ ...request, method: 'GET', limitMs: 30_000, ...anywhere() }),
    findLogin: () => Promise.resolve(undefined),
  },
};

/** Downloads from any address. */
export function downloadAnything(url: string, limitBytes: number): Promise<Buffer> {
  return download({ url, limitBytes, ...anywhere() });
}

function anywhere(): Pick<HttpRequest, 'allowedHosts' | 'signal'> {
  return { allowedHosts: ['*'], signal: new AbortController().signal };
}

/** Lets the namespace's account work on the targets there; returns when it may. */
export async function bindTarget(sandbox: Sandbox, namespace: string): Promise<void> {
  const binding = ['rolebinding', 'serin-target', '--namespace', namespace];
  await sandbox.kubectl('create', ...binding, '--clusterrole=serin-target', `--serviceaccount=${namespace}:serin`);
  const { cluster } = accountsOf(sandbox).of(namespace);
  const right = { verb: 'get', group: 'serving.knative.dev', resource: 'services', namespace };
  await until(`the rights in ${namespace}`, () => asActivity(() => cluster.isAllowed(right)));
}
