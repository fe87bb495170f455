import type { Share } from '../../core/experiment/versions.ts';
import { formatPercents, percentsByRevision, servesShares } from '../../core/traffic/spec-traffic.ts';
import { isObserved, unmet } from './objects.ts';
import type { KnativeService } from './objects.ts';

/** What is to be confirmed, and how it is read. */
export interface TrafficConfirmation {
  readonly shares: readonly Share[];
  /** The service while it has what was written, else why it has not, for now; fails when waiting is of no use. */
  readonly readWritten: () => Promise<KnativeService | string>;
  /** Knative needs about 3 s; what takes longer than this limit has a cause that people should see. */
  readonly limitMs: number;
  /** Waits until the next attempt; false when it was interrupted, which ends the confirmation. */
  readonly pause: () => Promise<boolean>;
}

/** Waits until the cluster reports the traffic that was written; returns why it has not within the limit, else undefined. */
export async function confirmTraffic(confirmation: TrafficConfirmation): Promise<string | undefined> {
  const { shares, readWritten, limitMs, pause } = confirmation;
  const endsAtMs = performance.now() + limitMs;
  for (;;) {
    const written = await readWritten();
    const doubt = typeof written === 'string' ? written : confirmationProblem(written, shares);
    if (doubt === undefined || performance.now() >= endsAtMs || !(await pause())) return doubt;
  }
}

/** Why the traffic is not confirmed; undefined once the generation is observed, the routes are ready and the percents equal. */
function confirmationProblem(service: KnativeService, shares: readonly Share[]): string | undefined {
  if (!isObserved(service)) return 'Knative has not looked at the change yet';
  const unready = unmet(service.status?.conditions, 'RoutesReady');
  if (unready !== undefined) return `RoutesReady: ${unready}`;
  const traffic = service.status?.traffic ?? [];
  if (servesShares(traffic, shares)) return undefined;
  return `status.traffic is ${formatPercents(percentsByRevision(traffic))}`;
}
