import { activityInfo } from '@temporalio/activity';
import type { V1Lease } from '@kubernetes/client-node';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { leaseHolder, isHeldBy, judgeOwnership } from '../../core/traffic/lease.ts';
import type { ChainState, Held, LeaseHolder, Ownership } from '../../core/traffic/lease.ts';
import { leaseAnnotations } from '../../core/traffic/target.ts';
import type { ExperimentActivities } from '../../contract/activities.ts';
import type { Acquisition } from '../../contract/traffic.ts';
import { readChainState } from '../../temporal/holder.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { wakeWaiting } from '../../temporal/wake-waiting.ts';
import { leaseFacts, leaseObjectName } from '../../kubernetes/lease.ts';
import { failure, hasType } from '../failures.ts';
import { askTemporal } from './ask-temporal.ts';
import type { ActivityCluster } from './cluster.ts';
import { giveRevisionBack } from './keep-revision.ts';
import { isOurs, isTakenOver, newLease, readLease } from './lease.ts';
import type { OwnedTarget } from './lease.ts';
import { meetHolder } from './meet-holder.ts';
import { requireExperiment } from './require-experiment.ts';

/**
 * The wait between two attempts at a held target: a tenth of the time waited so far. Retries add nothing to the history. Whoever gives the
 * target up ends the wait; these are for one that could not.
 */
const [shortestWaitMs, longestWaitMs] = [2_000, 300_000];

export interface AcquireDependencies {
  readonly cluster: ActivityCluster;
  /** As serin itself, which reads Experiments everywhere. */
  readonly own: Pick<ActivityCluster, 'readObject'>;
  readonly temporal: TemporalService;
}

type AcquireInput = Parameters<ExperimentActivities['acquireTarget']>[0];

/**
 * Tries once to get the target's Lease: creates it, or takes over one that an ended run left behind. Returns who else holds it;
 * when that is still the run `seen`, does what the experiment does then, and fails as `TargetHeld`, to be retried.
 */
export async function acquireTarget(
  { cluster, own, temporal }: AcquireDependencies,
  { target, holder, seen, whenHeld = 'queue' }: AcquireInput,
): Promise<Acquisition> {
  await requireExperiment(own, holder.workflowId);
  const lease = await readLease(cluster, target);
  if (lease === undefined) {
    await cluster.createLease(leaseObjectName(target), newLease(target, holder));
    return { kind: 'acquired' };
  }
  const ownership = await judge(temporal, lease, { target, holder });
  switch (ownership.kind) {
    case 'ours':
      return { kind: 'acquired' };
    case 'free':
      await cluster.replaceLease(leaseObjectName(target), newLease(target, holder, lease));
      return { kind: 'acquired' };
    case 'held': {
      const { by, why } = ownership;
      if (by.firstRunId !== seen) return { kind: 'held', by, why };
      const done = await meetHolder[whenHeld](temporal, ownership, { target, holder });
      throw stillHeld(target, ownership, done);
    }
  }
}

/**
 * Deletes the Lease if this experiment holds it, wakes those that wait for it, and gives back the revision that it notes. One that was taken over and names a baseline stays when nothing was verified:
 * the target is as the earlier run left it, and its restore needs that baseline.
 */
export async function releaseTarget(
  { cluster, temporal }: Pick<AcquireDependencies, 'cluster' | 'temporal'>,
  { target, holder, verified }: OwnedTarget & { readonly verified: boolean },
): Promise<void> {
  const lease = await readLease(cluster, target);
  if (lease === undefined || !isOurs(lease, holder)) return;
  if (!verified && isTakenOver(lease) && leaseAnnotations.baseline in (lease.metadata?.annotations ?? {})) return;
  await giveRevisionBack(cluster, target, lease);
  await cluster.deleteLease(leaseObjectName(target), lease).catch((error: unknown) => {
    // Deleted by an earlier attempt or by hand.
    if (!hasType(error, 'NotFound')) throw error;
  });
  await wakeWaiting(temporal, target);
}

async function judge(temporal: TemporalService, lease: V1Lease, { target, holder }: OwnedTarget): Promise<Ownership> {
  const facts = leaseFacts(lease);
  const chain = isHeldBy(facts, holder) ? openChain : await askForChain(temporal, leaseHolder(facts));
  const leaseName = formatObjectName(leaseObjectName(target));
  return judgeOwnership({ lease: facts, holder, chain, nowMs: Date.now(), leaseName });
}

const openChain: ChainState = { kind: 'open' };

async function askForChain(temporal: TemporalService, holder: LeaseHolder | undefined): Promise<ChainState> {
  if (holder === undefined) return { kind: 'unknown', reason: 'its Lease names no experiment' };
  return askTemporal(temporal, holder.workflowId, () => readChainState(temporal, holder));
}

function stillHeld(target: AcquireInput['target'], { by, why }: Held, done: string | undefined): Error {
  const message = `${formatObjectName(target)} is held by ${by.workflowId}: ${done ?? why}`;
  return failure('TargetHeld', {
    message,
    nextRetryDelayMs: nextWaitMs(Date.now() - activityInfo().scheduledTimestampMs),
  });
}

function nextWaitMs(waitedMs: number): number {
  return Math.round(Math.min(longestWaitMs, Math.max(shortestWaitMs, waitedMs / 10)));
}
