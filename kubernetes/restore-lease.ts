import type { V1Lease } from '@kubernetes/client-node';
import { defaultLeaseSeconds, leaseHolder } from '../core/traffic/lease.ts';
import type { LeaseHolder } from '../core/traffic/lease.ts';
import { leaseAnnotations } from '../core/traffic/target.ts';

/** The revision that the holder found as its baseline; undefined before it had looked, and so before it wrote. */
export function baselineIn({ metadata }: V1Lease): string | undefined {
  return metadata?.annotations?.[leaseAnnotations.baseline];
}

/** The experiment that holds the Lease; undefined when it names none. */
export function holderIn({ metadata, spec }: V1Lease): LeaseHolder | undefined {
  const holderIdentity = spec?.holderIdentity;
  return leaseHolder({
    annotations: metadata?.annotations ?? {},
    ...(holderIdentity === undefined ? {} : { holderIdentity }),
  });
}

/** From the limit of a command to the end of its processes. */
const stopMs = 10_000;

/** How long a task of a run that has ended may go on: it raised the Lease's duration by its limit before it began. */
export function lateTaskMs(lease: V1Lease | undefined): number {
  const raisedBySeconds = (lease?.spec?.leaseDurationSeconds ?? 0) - defaultLeaseSeconds;
  return raisedBySeconds > 0 ? raisedBySeconds * 1000 + stopMs : 0;
}
