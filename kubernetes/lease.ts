import type { V1Lease } from '@kubernetes/client-node';
import { defined } from '../core/text/defined.ts';
import type { ObjectName } from '../core/experiment/experiment.ts';
import { defaultLeaseSeconds, leaseHolder } from '../core/traffic/lease.ts';
import type { LeaseFacts, LeaseHolder } from '../core/traffic/lease.ts';
import { leaseAnnotations, leaseName } from '../core/traffic/target.ts';

/** The Lease that is the mutex of the target. */
export function leaseObjectName({ namespace, name }: ObjectName): ObjectName {
  return { namespace, name: leaseName(name) };
}

/** The parts of a Lease that core's decisions need. */
export function leaseFacts({ metadata, spec }: V1Lease): LeaseFacts {
  const { holderIdentity, leaseDurationSeconds } = spec ?? {};
  return {
    annotations: metadata?.annotations ?? {},
    ...defined({ holderIdentity, durationSeconds: leaseDurationSeconds }),
  };
}

/** The revision that the holder verified as its baseline; undefined before its preflight, and so before any write. */
export function baselineIn({ metadata }: V1Lease): string | undefined {
  return metadata?.annotations?.[leaseAnnotations.baseline];
}

/** The revision that is kept from Knative's garbage collection until the Lease is given up; undefined when there is none. */
export function keptRevision({ metadata }: V1Lease): string | undefined {
  return metadata?.annotations?.[leaseAnnotations.keptRevision];
}

/** The experiment that holds the Lease; undefined when it names none. */
export function holderIn(lease: V1Lease): LeaseHolder | undefined {
  return leaseHolder(leaseFacts(lease));
}

/** The time from the limit of a command to the end of its processes. */
const stopMs = 10_000;

/** How long a task of an ended run may go on, ms: it raised the Lease's duration by its limit before it began. */
export function lateTaskMs(lease: V1Lease | undefined): number {
  const raisedBySeconds = (lease?.spec?.leaseDurationSeconds ?? 0) - defaultLeaseSeconds;
  return raisedBySeconds > 0 ? raisedBySeconds * 1000 + stopMs : 0;
}

/** The preconditions of a deletion that is refused as a conflict unless the Lease is still the one that was read. */
export function leasePreconditions({ metadata }: V1Lease): { uid?: string; resourceVersion?: string } {
  const { uid, resourceVersion } = metadata ?? {};
  return defined({ uid, resourceVersion });
}
