import type { V1Lease } from '@kubernetes/client-node';
import { defined } from '../../core/text/defined.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { defaultLeaseSeconds, formatHolder, holderAnnotations, isHeldBy } from '../../core/traffic/lease.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import { leaseAnnotations } from '../../core/traffic/target.ts';
import { leaseFacts, leaseObjectName } from '../../kubernetes/lease.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';

/** The target's Lease; undefined when there is none. */
export function readLease(cluster: ActivityCluster, target: ObjectName): Promise<V1Lease | undefined> {
  return cluster.readLease(leaseObjectName(target));
}

/** Whether the Lease is held by `holder`. */
export function isOurs(lease: V1Lease, holder: LeaseHolder): boolean {
  return isHeldBy(leaseFacts(lease), holder);
}

/** A Lease for `holder`: a new one, or `taken` with its resourceVersion, so that only one of two takers gets it. */
export function newLease(target: ObjectName, holder: LeaseHolder, taken?: V1Lease): V1Lease {
  const resourceVersion = taken?.metadata?.resourceVersion;
  return {
    metadata: {
      ...leaseObjectName(target),
      annotations: { ...inheritedFrom(taken), ...holderAnnotations(holder) },
      labels: { 'app.kubernetes.io/managed-by': 'serin' },
      ...defined({ resourceVersion }),
    },
    spec: {
      holderIdentity: formatHolder(holder),
      leaseDurationSeconds: defaultLeaseSeconds,
      leaseTransitions: taken === undefined ? 0 : (taken.spec?.leaseTransitions ?? 0) + 1,
    },
  };
}

/** The facts about the target that an ended run left, until our preflight replaces them: `serin restore` needs them. */
function inheritedFrom(taken: V1Lease | undefined): Record<string, string> {
  const { baseline, previousPlan, keptRevision } = leaseAnnotations;
  const found = taken?.metadata?.annotations ?? {};
  return defined({
    [baseline]: found[baseline],
    [previousPlan]: found[previousPlan],
    [keptRevision]: found[keptRevision],
  });
}

/** Whether the Lease was taken over from a run that ended without giving the target up. */
export function isTakenOver({ spec }: V1Lease): boolean {
  return (spec?.leaseTransitions ?? 0) > 0;
}

/** A target, and the experiment that must hold its Lease. */
export interface OwnedTarget {
  readonly target: ObjectName;
  readonly holder: LeaseHolder;
}

/**
 * Raises the Lease's duration before an activity that may go on for `limitMs` after its run has ended: no other run takes the
 * target meanwhile. Fails as `Fenced` when the Lease is not ours. The duration is never lowered: an earlier attempt may still run.
 */
export async function raiseLease(
  cluster: ActivityCluster,
  { target, holder }: OwnedTarget,
  limitMs: number,
): Promise<void> {
  const lease = await requireLease(cluster, { target, holder });
  const leaseDurationSeconds = Math.ceil(limitMs / 1000) + defaultLeaseSeconds;
  if ((lease.spec?.leaseDurationSeconds ?? 0) >= leaseDurationSeconds) return;
  await cluster.replaceLease(leaseObjectName(target), { ...lease, spec: { ...lease.spec, leaseDurationSeconds } });
}

/** Writes facts about the target onto our Lease; `undefined` removes one. Fails as `Fenced` when the Lease is not ours. */
export async function annotateLease(
  cluster: ActivityCluster,
  owned: OwnedTarget,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const lease = await requireLease(cluster, owned);
  const merged = Object.entries({ ...lease.metadata?.annotations, ...changes });
  const annotations = Object.fromEntries(merged.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  await cluster.replaceLease(leaseObjectName(owned.target), { ...lease, metadata: { ...lease.metadata, annotations } });
}

/** The target's Lease; fails as `Fenced` when this experiment does not hold it. */
export async function requireLease(cluster: ActivityCluster, { target, holder }: OwnedTarget): Promise<V1Lease> {
  const lease = await readLease(cluster, target);
  if (lease !== undefined && isOurs(lease, holder)) return lease;
  const owner = lease === undefined ? 'it is gone' : `its holder is ${lease.spec?.holderIdentity ?? 'nobody'}`;
  const message = `Lease ${formatObjectName(leaseObjectName(target))} is not held by ${holder.workflowId}: ${owner}`;
  throw failure('Fenced', { message });
}
