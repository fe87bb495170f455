import type { KubeConfig } from '@kubernetes/client-node';
import { KubernetesFailure } from './failure.ts';
import { messageWithCause } from './call.ts';
import { readKubeConfig } from './read-kubeconfig.ts';

/** Options that choose the cluster; absent ones have kubectl's defaults. */
export interface KubernetesFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Reads the kubeconfig as kubectl does. Fails with `usage` when it cannot be used. */
export function loadKubeConfig({ kubeconfig, context }: KubernetesFlags): KubeConfig {
  const config = readOrRefuse(kubeconfig);
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new KubernetesFailure(
      'usage',
      `the kubeconfig has no context ${context}; it has ${known.join(', ') || 'none'}`,
    );
  }
  config.setCurrentContext(context);
  return config;
}

function readOrRefuse(path: string | undefined): KubeConfig {
  try {
    return readKubeConfig(path);
  } catch (error) {
    throw new KubernetesFailure('usage', `the kubeconfig cannot be used: ${messageWithCause(error)}`, { cause: error });
  }
}
