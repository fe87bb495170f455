import { CoordinationV1Api } from '@kubernetes/client-node';
import type { KubeConfig, V1Lease } from '@kubernetes/client-node';
import { type ObjectName, formatObjectName } from '../core/experiment/experiment.ts';
import { noCollectionAnnotation } from '../core/traffic/target.ts';
import { isRefusal } from './api-answer.ts';
import { call } from './call.ts';
import { connectKnative, fieldManager } from './knative/api.ts';
import type { ServicePatch } from './knative/api.ts';
import type { KnativeService, Revision } from './knative/objects.ts';
import { keptRevision, leaseObjectName, leasePreconditions } from './lease.ts';
import { createRequestOptions } from './request-options.ts';

/** What a restore needs of a cluster. Failures are `KubernetesFailure`s. */
export interface RestoreCluster {
  readonly readService: (target: ObjectName) => Promise<KnativeService>;
  /** The target's revisions by name. */
  readonly readRevisions: (target: ObjectName) => Promise<ReadonlyMap<string, Revision>>;
  /** Fails with `refused` when the service is no longer the one that was read: nothing was written. */
  readonly patchService: (target: ObjectName, patch: ServicePatch) => Promise<unknown>;
  /** The target's Lease; undefined when there is none. */
  readonly readLease: (target: ObjectName) => Promise<V1Lease | undefined>;
  /** Makes `holderIdentity` the Lease's holder, only if it is still the one that was read. */
  readonly takeLease: (target: ObjectName, lease: V1Lease, holderIdentity: string) => Promise<V1Lease>;
  /** Deletes the Lease only if it is still the one that was read, and gives back the revision that it notes. */
  readonly deleteLease: (target: ObjectName, lease: V1Lease) => Promise<void>;
}

/** Webhooks may take 10 s by default, and there are two of Knative's on a service. */
const defaultLimitMs = 25_000;

/** Connects to the API server of the kubeconfig's current context. @param limitMs for each request. */
export function connectRestoreCluster(config: KubeConfig, limitMs = defaultLimitMs): RestoreCluster {
  const options = createRequestOptions(limitMs);
  const knative = connectKnative(config, options);
  const leases = config.makeApiClient(CoordinationV1Api);
  /** A revision that is kept for longer harms nobody, so that a failure is none of the restore. */
  const giveBack = async ({ namespace }: ObjectName, lease: V1Lease): Promise<void> => {
    const name = keptRevision(lease);
    if (name === undefined) return;
    const answer = knative.annotateRevision({ namespace, name }, { [noCollectionAnnotation]: null });
    await call(`give back revision ${namespace}/${name}`, answer).catch(() => undefined);
  };
  return {
    readService: (target) => call(`read Knative Service ${formatObjectName(target)}`, knative.readService(target)),
    readRevisions: async (target) => {
      const answer = knative.listRevisions(target);
      const revisions = await call(`list the revisions of ${formatObjectName(target)}`, answer);
      return new Map(revisions.map((revision) => [revision.metadata.name, revision]));
    },
    patchService: (target, patch) => {
      const answer = knative.patchService(target, patch);
      return call(`write the traffic of Knative Service ${formatObjectName(target)}`, answer);
    },
    readLease: async (target) => {
      const answer = leases.readNamespacedLease(leaseObjectName(target), options()).catch((error: unknown) => {
        if (!isRefusal(error, 'notFound', 'unserved')) throw error;
        return undefined;
      });
      return call(`read ${leaseTitle(target)}`, answer);
    },
    takeLease: async (target, lease, holderIdentity) => {
      const body = { ...lease, spec: { ...lease.spec, holderIdentity } };
      const request = { ...leaseObjectName(target), body, fieldManager };
      return call(`take ${leaseTitle(target)}`, leases.replaceNamespacedLease(request, options()));
    },
    deleteLease: async (target, lease) => {
      await giveBack(target, lease);
      const request = { ...leaseObjectName(target), body: { preconditions: leasePreconditions(lease) } };
      await call(`delete ${leaseTitle(target)}`, leases.deleteNamespacedLease(request, options()));
    },
  };
}

function leaseTitle(target: ObjectName): string {
  return `Lease ${formatObjectName(leaseObjectName(target))}`;
}
