import type { SandboxCluster } from '../cluster/client.ts';
import { watchCustomObjects, type WatchedObjects } from '../cluster/watch.ts';
import { objectKey, splitKey, KeyQueue } from '../cluster/work-queue.ts';
import { ingressClass } from '../knative/configuration.ts';
import { ingresses, type Ingress } from './ingress.ts';
import { routeTable, type RouteTable } from './routes.ts';

const classAnnotation = 'networking.knative.dev/ingress.class';

/**
 * Builds the gateway's routes from the cluster's ingresses of the sandbox's class, and marks each ingress as ready once its
 * routes are in force.
 */
export function runIngressAgent(cluster: SandboxCluster): { routes(): RouteTable; stop(): Promise<void> } {
  let table: RouteTable = new Map();
  const rebuild = () => {
    table = routeTable(watched.list().filter(isOurs));
  };
  const queue = new KeyQueue(async (key) => {
    const { namespace, name } = splitKey(key);
    const ingress = watched.get(name, namespace);
    if (ingress !== undefined) await confirm(cluster, ingress);
  });
  const watched: WatchedObjects<Ingress> = watchCustomObjects<Ingress>(cluster, ingresses, {
    present: (ingress) => {
      if (!isOurs(ingress)) return;
      rebuild();
      queue.add(objectKey(ingress));
    },
    gone: rebuild,
  });
  return {
    routes: () => table,
    stop: async () => {
      queue.stop();
      await watched.stop();
    },
  };
}

function isOurs({ metadata }: Ingress): boolean {
  return metadata?.annotations?.[classAnnotation] === ingressClass;
}

async function confirm(cluster: SandboxCluster, ingress: Ingress): Promise<void> {
  const generation = ingress.metadata?.generation;
  if (ingress.status?.observedGeneration === generation) return;
  const lastTransitionTime = new Date().toISOString();
  const loadBalancer = { ingress: [{ domainInternal: 'gateway.knative-serving.svc.cluster.local' }] };
  await cluster.mergeStatus(ingresses, ingress, {
    observedGeneration: generation,
    conditions: ['LoadBalancerReady', 'NetworkConfigured', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime,
    })),
    publicLoadBalancer: loadBalancer,
    privateLoadBalancer: loadBalancer,
  });
}
