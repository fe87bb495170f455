import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesFailure } from './failure.ts';
import { messageWithCause } from './call.ts';

/** Options that choose the cluster; absent ones have kubectl's defaults. */
export interface KubernetesFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Reads the kubeconfig as kubectl does. Fails with `usage` when there is none, or when it cannot be used. */
export function loadKubeConfig(flags: KubernetesFlags): KubeConfig {
  const config = readKubeConfig(flags);
  if (isMadeUp(config)) throw new KubernetesFailure('usage', noKubeconfig);
  if (flags.context !== undefined) chooseContext(config, flags.context);
  if (config.getCurrentCluster() === null) throw new KubernetesFailure('usage', noCluster(config, flags));
  return config;
}

const noKubeconfig =
  'no kubeconfig: KUBECONFIG is not set, ~/.kube/config is not there, and this is not a pod of a cluster';

/** Where the kubeconfig is, as messages name it. */
export function kubeconfigPlace({ kubeconfig }: KubernetesFlags): string {
  return kubeconfig ?? (process.env['KUBECONFIG'] || '~/.kube/config');
}

function readKubeConfig(flags: KubernetesFlags): KubeConfig {
  const config = new KubeConfig();
  try {
    if (flags.kubeconfig === undefined) loadDefaultKubeConfig(config);
    else config.loadFromFile(flags.kubeconfig);
    return config;
  } catch (error) {
    const [reason] = messageWithCause(error).split('\n');
    const message = `the kubeconfig ${kubeconfigPlace(flags)} cannot be used: ${reason}`;
    throw new KubernetesFailure('usage', message, { cause: error });
  }
}

/**
 * Loads the kubeconfig from its usual place. Of several files in `KUBECONFIG`, the first that has a current context decides, as for
 * kubectl and helm; for the client library it is the last one.
 */
export function loadDefaultKubeConfig(config: KubeConfig): void {
  config.loadFromDefault();
  const files = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const chosen = files.map(readCurrentContext).find((context) => Boolean(context));
  if (chosen !== undefined) config.setCurrentContext(chosen);
}

function readCurrentContext(path: string): string {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config.getCurrentContext();
}

/** Whether there was nothing to read: the client library then makes up an API server without TLS, which no supported cluster has. */
export function isMadeUp(config: KubeConfig): boolean {
  return (
    config.getCurrentContext() === 'loaded-context' && config.getCurrentCluster()?.server === 'http://localhost:8080'
  );
}

function chooseContext(config: KubeConfig, context: string): void {
  if (config.getContextObject(context) === null) {
    throw new KubernetesFailure('usage', `the kubeconfig has no context ${context}; it has ${knownContexts(config)}`);
  }
  config.setCurrentContext(context);
}

function noCluster(config: KubeConfig, flags: KubernetesFlags): string {
  const place = kubeconfigPlace(flags);
  const context = config.getCurrentContext();
  if (context) return `the context ${context} of the kubeconfig ${place} has no cluster; choose another with --context`;
  return `the kubeconfig ${place} has no current context; choose one with --context: it has ${knownContexts(config)}`;
}

function knownContexts(config: KubeConfig): string {
  return (
    config
      .getContexts()
      .map(({ name }) => name)
      .join(', ') || 'none'
  );
}
