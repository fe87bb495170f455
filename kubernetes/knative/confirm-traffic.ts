import type { Share } from '../../core/experiment/versions.ts';
import { formatPercents, percentsByRevision, servesShares } from '../../core/traffic/spec-traffic.ts';
import { isObserved, unmet } from './objects.ts';
import type { KnativeService } from './objects.ts';

export interface TrafficConfirmation {
  readonly shares: readonly Share[];
  /** The service while what was written stands there, else why it does not, for now; fails when there is nothing to wait for. */
  readonly readWritten: () => Promise<KnativeService | string>;
  /** Knative needs about 3 s; what takes longer than this has a reason that people should see. */
  readonly limitMs: number;
  /** Waits until the next attempt; false when it was interrupted, which ends the confirmation. */
  readonly pause: () => Promise<boolean>;
}

/** Waits until the cluster reports the traffic that was written; answers why it does not when it has not within the limit. */
export async function confirmTraffic(confirmation: TrafficConfirmation): Promise<string | undefined> {
  const { shares, readWritten, limitMs, pause } = confirmation;
  const endsAtMs = performance.now() + limitMs;
  for (;;) {
    const written = await readWritten();
    const doubt = typeof written === 'string' ? written : confirmationProblem(written, shares);
    if (doubt === undefined || performance.now() >= endsAtMs || !(await pause())) return doubt;
  }
}

/** Why the traffic is not confirmed yet: generation caught up, routes ready, percents equal. */
function confirmationProblem(service: KnativeService, shares: readonly Share[]): string | undefined {
  if (!isObserved(service)) return 'Knative has not looked at the change yet';
  const unready = unmet(service.status?.conditions, 'RoutesReady');
  if (unready !== undefined) return `RoutesReady: ${unready}`;
  const traffic = service.status?.traffic ?? [];
  if (servesShares(traffic, shares)) return undefined;
  return `status.traffic is ${formatPercents(percentsByRevision(traffic))}`;
}
