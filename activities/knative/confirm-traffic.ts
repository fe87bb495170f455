import { sleep } from '@temporalio/activity';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import { formatPercents, formatShares, percentsByRevision, servesShares } from '../../core/traffic/spec-traffic.ts';
import type { Share } from '../../core/experiment/versions.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { isObserved, unmet } from './objects.ts';
import type { KnativeService } from './objects.ts';

const pollIntervalMs = 200;

export interface ConfirmTrafficInput {
  readonly target: ObjectName;
  /** The plan annotation of the write; another one means that a later decision has been written. */
  readonly annotation: string;
  readonly shares: readonly Share[];
  readonly acceptedAtMs: number;
  /** Knative needs about 3 s; what takes longer than this has a reason that people should see. */
  readonly confirmationLimitMs: number;
}

/**
 * Waits until the cluster reports the traffic that was written, and answers when it did, epoch ms. Fails as
 * `NotConfirmed` when it does not within the limit, with Knative's reason.
 */
export async function confirmTraffic(cluster: ActivityCluster, input: ConfirmTrafficInput): Promise<number> {
  const deadlineMs = performance.now() + input.confirmationLimitMs;
  for (;;) {
    const service = await readOwn(cluster, input);
    const doubt = confirmationProblem(service, input.shares);
    if (doubt === undefined) return Date.now();
    if (performance.now() > deadlineMs) throw notConfirmed(input, doubt);
    await sleep(pollIntervalMs);
  }
}

async function readOwn(cluster: ActivityCluster, { target, annotation }: ConfirmTrafficInput): Promise<KnativeService> {
  const service = await cluster.readService(target);
  const name = formatObjectName(target);
  if (service === undefined) {
    throw failure('TargetGone', { message: `Knative Service ${name} was deleted after its traffic was written` });
  }
  const found = service.metadata.annotations?.[planAnnotation];
  if (found === annotation) return service;
  const message = `traffic write ${annotation} of ${name} was followed by ${found ?? 'one without a plan'} before it was confirmed`;
  throw failure('Fenced', { message });
}

/** Why the traffic is not confirmed yet. */
function confirmationProblem(service: KnativeService, shares: readonly Share[]): string | undefined {
  if (!isObserved(service)) return 'Knative has not looked at the change yet';
  const unready = unmet(service.status?.conditions, 'RoutesReady');
  if (unready !== undefined) return `RoutesReady: ${unready}`;
  const traffic = service.status?.traffic ?? [];
  if (servesShares(traffic, shares)) return undefined;
  return `status.traffic is ${formatPercents(percentsByRevision(traffic))}`;
}

function notConfirmed(input: ConfirmTrafficInput, doubt: string): Error {
  const { target, shares, acceptedAtMs, confirmationLimitMs } = input;
  const written = `traffic of ${formatObjectName(target)} is written (${formatShares(shares)})`;
  const message = `${written} but not confirmed within ${confirmationLimitMs / 1000} s: ${doubt}`;
  return failure('NotConfirmed', { message, details: [{ acceptedAtMs }] });
}
