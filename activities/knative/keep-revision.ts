import type { V1Lease } from '@kubernetes/client-node';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { leaseAnnotations, noCollectionAnnotation } from '../../core/traffic/target.ts';
import { knativeApi } from '../../kubernetes/knative/api.ts';
import { keptRevision } from '../../kubernetes/lease.ts';
import { hasType } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { annotateLease, requireLease } from './lease.ts';
import type { OwnedTarget } from './lease.ts';

/**
 * Keeps a revision from Knative's garbage collection, which takes what has had no traffic for a while: without it nothing can
 * be rolled back. The Lease notes it first, so that it is given back with the Lease; one that its owner keeps is left alone.
 * Returns a warning where the account may not do that.
 */
export async function keepRevision(
  cluster: ActivityCluster,
  owned: OwnedTarget,
  revision: string,
): Promise<readonly string[]> {
  const { namespace } = owned.target;
  const lease = await requireLease(cluster, owned);
  const found = await cluster.readRevision({ namespace, name: revision });
  if (keptRevision(lease) !== revision) await giveRevisionBack(cluster, owned.target, lease);
  if (found?.metadata.annotations?.[noCollectionAnnotation] === 'true') return [];
  const right = { verb: 'patch', group: knativeApi.group, resource: 'revisions', namespace };
  if (!(await cluster.isAllowed(right))) return [unkept({ namespace, name: revision })];
  await annotateLease(cluster, owned, { [leaseAnnotations.keptRevision]: revision });
  await cluster.annotateRevision({ namespace, name: revision }, { [noCollectionAnnotation]: 'true' });
  return [];
}

/** Gives the revision that the Lease notes back to Knative's garbage collection. */
export async function giveRevisionBack(cluster: ActivityCluster, target: ObjectName, lease: V1Lease): Promise<void> {
  const name = keptRevision(lease);
  if (name === undefined) return;
  const revision = { namespace: target.namespace, name };
  await cluster.annotateRevision(revision, { [noCollectionAnnotation]: null }).catch((error: unknown) => {
    // It does not exist any more, or the right is gone: a revision that is kept for longer harms nobody.
    if (!hasType(error, 'NotFound', 'Forbidden')) throw error;
  });
}

function unkept(revision: ObjectName): string {
  const name = formatObjectName(revision);
  return `baseline ${name} is not kept from Knative's garbage collection (${noCollectionAnnotation}), since the account may not patch revisions.${knativeApi.group}: apply deploy/rbac.yaml again`;
}
