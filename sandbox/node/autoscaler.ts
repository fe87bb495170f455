import { AppsV1Api, type KubernetesObject, type V1Deployment } from '@kubernetes/client-node';
import type { SandboxCluster } from '../cluster/client.ts';
import { watchPath, watchCustomObjects, type WatchedObjects } from '../cluster/watch.ts';
import { objectKey, splitKey, KeyQueue } from '../cluster/work-queue.ts';
import { autoscalerClass } from '../knative/configuration.ts';
import { merged, type ReportedCondition, type ConditionStatus } from './conditions.ts';

const podAutoscalers = { group: 'autoscaling.internal.knative.dev', version: 'v1alpha1', plural: 'podautoscalers' };
const classAnnotation = 'autoscaling.knative.dev/class';

interface PodAutoscaler extends KubernetesObject {
  readonly spec?: { readonly scaleTargetRef?: { readonly name?: string } };
  readonly status?: PodAutoscalerStatus;
}

interface PodAutoscalerStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly ReportedCondition[];
  readonly actualScale?: number;
}

/**
 * The sandbox's autoscaler class: it never changes a scale, and reports for each revision's scale target whether its pods
 * exist. (In Knative's terms: the status of a PodAutoscaler of this class.)
 */
export function runAutoscaler(cluster: SandboxCluster): { stop(): Promise<void> } {
  const apps = cluster.config.makeApiClient(AppsV1Api);
  const queue = new KeyQueue(async (key) => {
    const { namespace, name } = splitKey(key);
    const autoscaler = autoscalers.get(name, namespace);
    if (autoscaler === undefined) return;
    await updateStatus(cluster, autoscaler, deployments.get(targetName(autoscaler), namespace));
  });
  const deployments: WatchedObjects<V1Deployment> = watchPath(
    cluster,
    '/apis/apps/v1/deployments',
    () => apps.listDeploymentForAllNamespaces(),
    {
      present: (deployment) => {
        for (const autoscaler of autoscalers.list())
          if (isTarget(autoscaler, deployment)) queue.add(objectKey(autoscaler));
      },
    },
  );
  const autoscalers: WatchedObjects<PodAutoscaler> = watchCustomObjects<PodAutoscaler>(cluster, podAutoscalers, {
    present: (autoscaler) => queue.add(objectKey(autoscaler)),
  });
  return {
    stop: async () => {
      queue.stop();
      await Promise.all([deployments.stop(), autoscalers.stop()]);
    },
  };
}

function targetName({ spec }: PodAutoscaler): string {
  return spec?.scaleTargetRef?.name ?? '';
}

function isTarget(autoscaler: PodAutoscaler, { metadata }: V1Deployment): boolean {
  return autoscaler.metadata?.namespace === metadata?.namespace && targetName(autoscaler) === metadata?.name;
}

async function updateStatus(
  cluster: SandboxCluster,
  autoscaler: PodAutoscaler,
  target: V1Deployment | undefined,
): Promise<void> {
  const { metadata = {}, status = {} } = autoscaler;
  if (metadata.annotations?.[classAnnotation] !== autoscalerClass) return;
  const actualScale = target?.status?.availableReplicas ?? 0;
  const conditions = merged(status.conditions ?? [], wantedConditions(status, actualScale > 0));
  const isCurrent = conditions === status.conditions && status.actualScale === actualScale;
  if (isCurrent && status.observedGeneration === metadata.generation) return;
  await cluster.mergeStatus(podAutoscalers, autoscaler, {
    observedGeneration: metadata.generation,
    serviceName: metadata.name,
    metricsServiceName: `${metadata.name}-private`,
    desiredScale: target?.spec?.replicas ?? 1,
    actualScale,
    conditions,
  });
}

/** As Knative's own autoscaler: a scale target that was initialised once stays so; without pods, requests would queue. */
function wantedConditions({ conditions = [] }: PodAutoscalerStatus, hasPods: boolean): Record<string, ConditionStatus> {
  const wasInitialized = conditions.some(({ type, status }) => type === 'ScaleTargetInitialized' && status === 'True');
  const state: ConditionStatus = hasPods ? 'True' : 'Unknown';
  return {
    Active: state,
    Ready: state,
    SKSReady: state,
    ScaleTargetInitialized: hasPods || wasInitialized ? 'True' : 'Unknown',
  };
}
