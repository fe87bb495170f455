import { type ObjectName, formatObjectName } from '../core/experiment/experiment.ts';
import { formatPercents, percentsByRevision, servesShares } from '../core/traffic/spec-traffic.ts';
import type { Share } from '../core/experiment/versions.ts';
import { KubernetesFailure } from './failure.ts';
import type { KubernetesFailureKind } from './failure.ts';
import { confirmTraffic } from './knative/confirm-traffic.ts';
import type { KnativeService } from './knative/objects.ts';
import { writeTraffic } from './knative/write-traffic.ts';
import type { TrafficWriter } from './knative/write-traffic.ts';
import { pause } from './pause.ts';
import type { RestoreCluster } from './restore-cluster.ts';

const pollIntervalMs = 300;

/** The target, and the revision that shall have all its traffic again. */
export interface TrafficRestore {
  readonly target: ObjectName;
  readonly baseline: string;
  /** Goes into the plan annotation, so that a late write of the old run is refused. */
  readonly plan: string;
}

/** Knative's own controllers write the service too; more conflicts than this have another cause. */
const maxAttempts = 10;

/** Writes 100 % baseline over any other traffic. The caller holds the target's Lease, or goes without it on request. */
export async function writeBaseline(cluster: RestoreCluster, restore: TrafficRestore): Promise<void> {
  const { target, baseline, plan } = restore;
  const name = formatObjectName(target);
  const isConflict = (error: unknown): boolean => error instanceof KubernetesFailure && error.kind === 'refused';
  const writer: TrafficWriter = {
    maxAttempts,
    readService: cluster.readService,
    shouldWrite: async () => true,
    readRevisions: cluster.readRevisions,
    revisionGone: (_, found) => {
      const known = [...found.keys()].join(', ') || 'none';
      return new KubernetesFailure('notFound', `${name} has no revision ${baseline}; it has ${known}`);
    },
    patchService: cluster.patchService,
    isConflict,
  };
  await writeTraffic(writer, { target, plan, shares: allOn(baseline) }).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
    const message = `Knative Service ${name} was changed by somebody in each of ${maxAttempts} attempts to write it`;
    throw new KubernetesFailure('refused', `${message}; nothing was written, run the command again`);
  });
}

function allOn(baseline: string): readonly Share[] {
  return [{ revision: baseline, percent: 100 }];
}

interface Confirmation extends TrafficRestore {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/**
 * Waits until the cluster reports 100 % baseline, which is written again over any other traffic. Fails with Knative's reason
 * when the cluster does not report it in time.
 */
export async function awaitBaseline(
  cluster: RestoreCluster,
  { signal, limitMs, ...restore }: Confirmation,
): Promise<void> {
  const doubt = await confirmTraffic({
    shares: allOn(restore.baseline),
    readWritten: () => insist(cluster, restore).catch(passingDoubt),
    limitMs,
    pause: () => pause(signal, pollIntervalMs),
  });
  if (doubt === undefined) return;
  const written = `100 % on ${restore.baseline} is written to ${formatObjectName(restore.target)}`;
  const message = `${written} but the cluster has not confirmed it: ${doubt}; its Lease is kept`;
  throw new KubernetesFailure('failed', message);
}

/**
 * Watches the traffic for a time and writes 100 % baseline again over any other traffic. Fails when it is interrupted
 * earlier, or when the last attempt failed.
 */
export async function keepBaseline(
  cluster: RestoreCluster,
  { forMs, signal, ...restore }: TrafficRestore & { readonly forMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const endsAtMs = performance.now() + forMs;
  let doubt: string | undefined;
  while (performance.now() < endsAtMs) {
    if (!(await pause(signal))) {
      const message = `interrupted while ${formatObjectName(restore.target)} was watched; its Lease is kept`;
      throw new KubernetesFailure('failed', message);
    }
    doubt = await insist(cluster, restore).then(() => undefined, passingDoubt);
  }
  if (doubt === undefined) return;
  const name = formatObjectName(restore.target);
  throw new KubernetesFailure('failed', `the traffic of ${name} could not be watched: ${doubt}; its Lease is kept`);
}

/**
 * Returns the service if 100 % baseline is written to it. If not, writes 100 % baseline again and returns what was there
 * instead; fails when somebody else holds the target by now.
 */
async function insist(cluster: RestoreCluster, restore: TrafficRestore): Promise<KnativeService | string> {
  const service = await cluster.readService(restore.target);
  if (isOnBaseline(service, restore.baseline)) return service;
  const holder = (await cluster.readLease(restore.target))?.spec?.holderIdentity;
  if (holder !== undefined && holder !== restore.plan) {
    const message = `${formatObjectName(restore.target)} is held by ${holder} by now; its traffic is left as it is`;
    throw new KubernetesFailure('failed', message);
  }
  await writeBaseline(cluster, restore);
  return `somebody else has written ${formatPercents(percentsByRevision(service.spec.traffic ?? []))}`;
}

/** The message of a failure that may pass by the next attempt; throws any other. */
function passingDoubt(error: unknown): string {
  if (!(error instanceof KubernetesFailure) || !passing.has(error.kind)) throw error;
  return error.message;
}

const passing: ReadonlySet<KubernetesFailureKind> = new Set(['busy', 'refused', 'unreachable']);

/** Whether 100 % baseline is written, be it served already or not. */
export function isOnBaseline({ spec }: KnativeService, baseline: string): boolean {
  return servesShares(spec.traffic ?? [], allOn(baseline));
}
