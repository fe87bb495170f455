import { RbacAuthorizationV1Api } from '@kubernetes/client-node';
import type { SandboxCluster } from '../../sandbox/cluster/client.ts';
import { createRequestOptions } from '../../kubernetes/request-options.ts';
import { inTurns } from '../in-turns.ts';
import { isShifting } from './options.ts';
import type { ScaleOptions } from './options.ts';

/** A Knative Service with two revisions. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly baseline: string;
  readonly candidate: string;
  /** Whether its experiment shifts in each iteration; else it has a fixed split. */
  readonly shifts: boolean;
}

export const knative = { group: 'serving.knative.dev', version: 'v1' } as const;

const targetsInNamespace = 20;
const image = 'ghcr.io/example/app:1';
const apiVersion = `${knative.group}/${knative.version}`;
const setAtOnce = 16;

/** The targets by name, 20 in a namespace. */
export function listTargets(options: ScaleOptions): readonly Target[] {
  return Array.from({ length: options.experiments }, (_, index) => ({
    namespace: `scale-${Math.floor(index / targetsInNamespace)}`,
    name: `app-${index}`,
    baseline: `app-${index}-v1`,
    candidate: `app-${index}-v2`,
    shifts: isShifting(index, options),
  }));
}

/** Makes the namespaces, with the account that serin acts as, and the targets with both revisions ready. */
export async function makeTargets(cluster: SandboxCluster, targets: readonly Target[]): Promise<void> {
  const namespaces = [...new Set(targets.map(({ namespace }) => namespace))];
  await inTurns(setAtOnce, namespaces, (namespace) => makeNamespace(cluster, namespace));
  const options = createRequestOptions(30_000);
  const make = async (plural: string, namespace: string, body: { readonly metadata: { readonly name: string } }) => {
    const request = { ...knative, namespace, plural, body };
    await cluster.custom.createNamespacedCustomObject(request, options());
    const merge = options({ contentType: 'application/merge-patch+json' });
    await cluster.custom.patchNamespacedCustomObjectStatus({ ...request, name: body.metadata.name }, merge);
  };
  await inTurns(setAtOnce, targets, async (target) => {
    const { namespace } = target;
    await make('revisions', namespace, revision(target, target.baseline));
    await make('revisions', namespace, revision(target, target.candidate));
    await make('services', namespace, service(target));
  });
}

async function makeNamespace(cluster: SandboxCluster, namespace: string): Promise<void> {
  const account = { name: 'serin', namespace };
  await cluster.core.createNamespace({ body: { metadata: { name: namespace } } });
  await cluster.core.createNamespacedServiceAccount({ namespace, body: { metadata: account } });
  await cluster.config.makeApiClient(RbacAuthorizationV1Api).createNamespacedRoleBinding({
    namespace,
    body: {
      metadata: { name: 'serin-target', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'serin-target' },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  });
}

function revision({ namespace, name }: Target, revisionName: string) {
  return {
    apiVersion,
    kind: 'Revision',
    metadata: { name: revisionName, namespace, labels: revisionLabels(name) },
    spec: { containers: [{ name: 'app', image }] },
    status: { observedGeneration: 1, conditions: trueConditions('Ready'), actualReplicas: 1 },
  };
}

/** As Knative sets them on a revision that its service routes to. */
function revisionLabels(name: string) {
  return { 'serving.knative.dev/service': name, 'serving.knative.dev/routingState': 'active' };
}

function service({ namespace, name, baseline, candidate, shifts }: Target) {
  const [first, second] = shifts ? [100, 0] : [50, 50];
  const traffic = [
    { revisionName: baseline, percent: first, latestRevision: false },
    { revisionName: candidate, percent: second, latestRevision: false },
  ];
  return {
    apiVersion,
    kind: 'Service',
    metadata: { name, namespace },
    spec: { template: { metadata: { name: candidate }, spec: { containers: [{ name: 'app', image }] } }, traffic },
    status: {
      observedGeneration: 1,
      conditions: trueConditions('Ready', 'RoutesReady', 'ConfigurationsReady'),
      latestReadyRevisionName: candidate,
      latestCreatedRevisionName: candidate,
      traffic,
    },
  };
}

function trueConditions(...types: readonly string[]) {
  const lastTransitionTime = new Date().toISOString();
  return types.map((type) => ({ type, status: 'True', lastTransitionTime }));
}
