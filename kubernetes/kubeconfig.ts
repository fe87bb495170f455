import type { KubeConfig } from '@kubernetes/client-node';
import { KubernetesFailure } from './failure.ts';
import { messageWithCause } from './call.ts';
import { readKubeConfig } from './read-kubeconfig.ts';

/** Options that choose the cluster; absent ones have kubectl's defaults. */
export interface KubernetesFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Reads the kubeconfig as kubectl does. Fails with `usage` when there is none, or when it cannot be used. */
export function loadKubeConfig(flags: KubernetesFlags): KubeConfig {
  const config = readOrRefuse(flags);
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

function readOrRefuse(flags: KubernetesFlags): KubeConfig {
  try {
    return readKubeConfig(flags.kubeconfig);
  } catch (error) {
    const [reason] = messageWithCause(error).split('\n');
    const message = `the kubeconfig ${kubeconfigPlace(flags)} cannot be used: ${reason}`;
    throw new KubernetesFailure('usage', message, { cause: error });
  }
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
