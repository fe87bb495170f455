import type { KubeConfig } from '@kubernetes/client-node';

/**
 * Why a worker in a pod without a kubeconfig cannot act as the accounts of namespaces: its helm and kubectl would act as the account
 * of the pod, whatever they are told. Undefined where it can, or acts as itself.
 */
export function podAccountProblem(kubeConfig: KubeConfig, serviceAccount: string | undefined): string | undefined {
  // The name that the client makes up where it has found nothing but the account of the pod.
  if (serviceAccount === undefined || kubeConfig.getCurrentContext() !== 'inClusterContext') return undefined;
  return `KUBECONFIG: expected a kubeconfig, as the chart in deploy/chart makes it, got none: in a pod without one, helm and kubectl cannot act as the account ${serviceAccount} of a namespace`;
}
