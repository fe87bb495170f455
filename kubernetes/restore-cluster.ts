import { ApiException, CoordinationV1Api, CustomObjectsApi, PatchStrategy } from '@kubernetes/client-node';
import type { KubeConfig, V1Lease } from '@kubernetes/client-node';
import { type ObjectName, formatObjectName } from '../core/experiment/experiment.ts';
import { type TrafficEntry, leaseName } from '../core/traffic/target.ts';
import { call } from './call.ts';
import { createRequestOptions } from './request-options.ts';

/** The parts of a Knative Service that a restore reads; the API server has checked them against their schema. */
export interface TargetService {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly traffic?: readonly TrafficEntry[] };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly latestReadyRevisionName?: string;
    readonly traffic?: readonly TrafficEntry[];
  };
}

interface ServicePatch {
  /** The version that was read: a change in between is a conflict, and nothing is written. */
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly traffic: readonly TrafficEntry[];
}

/** What `serin restore` needs of a cluster. Failures are `KubernetesFailure`s. */
export interface RestoreCluster {
  readonly readService: (target: ObjectName) => Promise<TargetService>;
  /** The target's revisions, and whether Knative sends requests to them: whether they are ready. */
  readonly readRevisions: (target: ObjectName) => Promise<ReadonlyMap<string, boolean>>;
  /** False when the service is no longer the one that was read: nothing was written. */
  readonly patchService: (target: ObjectName, patch: ServicePatch) => Promise<boolean>;
  /** The target's Lease; undefined when there is none. */
  readonly readLease: (target: ObjectName) => Promise<V1Lease | undefined>;
  /** Makes `holderIdentity` the Lease's holder, only if it is still the one that was read. */
  readonly takeLease: (target: ObjectName, lease: V1Lease, holderIdentity: string) => Promise<V1Lease>;
  /** Deletes the Lease only if it is still the one that was read. */
  readonly deleteLease: (target: ObjectName, lease: V1Lease) => Promise<void>;
}

const fieldManager = 'serin';
const knative = { group: 'serving.knative.dev', version: 'v1' } as const;
const serviceLabel = 'serving.knative.dev/service';

/** Webhooks may take 10 s by default, and there are two of Knative's on a service. */
const defaultLimitMs = 25_000;

/** The API server of the kubeconfig's current context. @param limitMs for each request. */
export function connectRestoreCluster(config: KubeConfig, limitMs = defaultLimitMs): RestoreCluster {
  const options = createRequestOptions(limitMs);
  const objects = config.makeApiClient(CustomObjectsApi);
  const leases = config.makeApiClient(CoordinationV1Api);
  return {
    readService: async (target) => {
      const answer = objects.getNamespacedCustomObject({ ...knative, ...target, plural: 'services' }, options());
      return (await call(`read Knative Service ${formatObjectName(target)}`, answer)) as TargetService;
    },
    readRevisions: async ({ namespace, name }) => {
      const labelSelector = `${serviceLabel}=${name}`;
      const answer = objects.listNamespacedCustomObject(
        { ...knative, namespace, plural: 'revisions', labelSelector },
        options(),
      );
      const list = (await call(`list the revisions of ${namespace}/${name}`, answer)) as RevisionList;
      return new Map(list.items.map((revision) => [revision.metadata.name, isReady(revision)]));
    },
    patchService: async (target, { resourceVersion, annotations, traffic }) => {
      const body = { metadata: { resourceVersion, annotations }, spec: { traffic } };
      const request = { ...knative, ...target, plural: 'services', body, fieldManager };
      const answer = objects
        .patchNamespacedCustomObject(request, options({ contentType: PatchStrategy.MergePatch }))
        .then(
          () => true,
          (error: unknown) => {
            if (error instanceof ApiException && error.code === 409) return false;
            throw error;
          },
        );
      return call(`write the traffic of Knative Service ${formatObjectName(target)}`, answer);
    },
    readLease: async (target) => {
      const answer = leases.readNamespacedLease(leaseObjectName(target), options()).catch((error: unknown) => {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      });
      return call(`read Lease ${formatObjectName(leaseObjectName(target))}`, answer);
    },
    takeLease: async (target, lease, holderIdentity) => {
      const body = { ...lease, spec: { ...lease.spec, holderIdentity } };
      const answer = leases.replaceNamespacedLease({ ...leaseObjectName(target), body, fieldManager }, options());
      return call(`take Lease ${formatObjectName(leaseObjectName(target))}`, answer);
    },
    deleteLease: async (target, { metadata }) => {
      const { uid, resourceVersion } = metadata ?? {};
      const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
      const answer = leases.deleteNamespacedLease({ ...leaseObjectName(target), body: { preconditions } }, options());
      await call(`delete Lease ${formatObjectName(leaseObjectName(target))}`, answer);
    },
  };
}

interface Revision {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly status?: TargetService['status'];
}

interface RevisionList {
  readonly items: readonly Revision[];
}

function isReady({ metadata, status }: Revision): boolean {
  const isTrue = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return isTrue === true && status?.observedGeneration === metadata.generation;
}

function leaseObjectName({ namespace, name }: ObjectName): ObjectName {
  return { namespace, name: leaseName(name) };
}
