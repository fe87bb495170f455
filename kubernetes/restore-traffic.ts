import { type ObjectName, formatObjectName } from '../core/experiment/experiment.ts';
import { planAnnotation } from '../core/traffic/target.ts';
import { formatPercents, percentsByRevision, pinTraffic, servesShares } from '../core/traffic/spec-traffic.ts';
import { KubernetesFailure } from './failure.ts';
import type { KubernetesFailureKind } from './failure.ts';
import { pause } from './pause.ts';
import type { TargetService, RestoreCluster } from './restore-cluster.ts';

const pollIntervalMs = 300;

export interface TrafficRestore {
  readonly target: ObjectName;
  readonly baseline: string;
  /** Goes into the plan annotation, so that a late write of the old run is refused. */
  readonly plan: string;
}

/** The plan of a restore: no experiment has such a run id. */
export function restorePlan(now: Date): string {
  return `restore-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}/1`;
}

/** Knative's own controllers write the service too; more conflicts than this have another cause. */
const maxAttempts = 10;

/** Writes 100 % baseline in one guarded patch, of the service as it is; tags and other entries that Knative can route to stay, at 0 %. */
export async function writeBaseline(cluster: RestoreCluster, restore: TrafficRestore): Promise<void> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (await tryToWrite(cluster, restore)) return;
  }
  const name = formatObjectName(restore.target);
  const message = `Knative Service ${name} was changed by somebody in each of ${maxAttempts} attempts to write it`;
  throw new KubernetesFailure('refused', `${message}; nothing was written, run the command again`);
}

async function tryToWrite(cluster: RestoreCluster, { target, baseline, plan }: TrafficRestore): Promise<boolean> {
  const service = await cluster.readService(target);
  const revisions = await cluster.readRevisions(target);
  if (!revisions.has(baseline)) {
    const known = [...revisions.keys()].join(', ') || 'none';
    throw new KubernetesFailure('notFound', `${formatObjectName(target)} has no revision ${baseline}; it has ${known}`);
  }
  return cluster.patchService(target, {
    resourceVersion: service.metadata.resourceVersion,
    annotations: { [planAnnotation]: plan },
    traffic: nextTraffic(service, { baseline, revisions }),
  });
}

function nextTraffic(
  { spec, status }: TargetService,
  { baseline, revisions }: { readonly baseline: string; readonly revisions: ReadonlyMap<string, boolean> },
): ReturnType<typeof pinTraffic> {
  const latest = status?.latestReadyRevisionName;
  return pinTraffic({
    present: spec.traffic ?? [],
    isRoutable: (revision) => revisions.get(revision) === true,
    shares: [{ revision: baseline, percent: 100 }],
    ...(latest === undefined ? {} : { latestReadyRevision: latest }),
  });
}

interface Confirmation extends TrafficRestore {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/**
 * Waits until the cluster reports 100 % baseline, which is written again whenever something else stands there. Fails with
 * Knative's reason when it does not in time.
 */
export async function awaitBaseline(
  cluster: RestoreCluster,
  { signal, limitMs, ...restore }: Confirmation,
): Promise<void> {
  const endsAtMs = performance.now() + limitMs;
  for (;;) {
    const doubt = await insist(cluster, restore).then(
      (service) => confirmationProblem(service, restore.baseline),
      passingDoubt,
    );
    if (doubt === undefined) return;
    if (performance.now() < endsAtMs && (await pause(signal, pollIntervalMs))) continue;
    const written = `100 % on ${restore.baseline} is written to ${formatObjectName(restore.target)}`;
    throw new KubernetesFailure(
      'failed',
      `${written} but the cluster has not confirmed it: ${doubt}; its Lease is kept`,
    );
  }
}

/**
 * Watches the traffic and writes 100 % baseline again whenever something else stands there. Fails when it is interrupted
 * before the time is over.
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

/** The service as it is; 100 % baseline is written to it again where something else stands, unless the target is another's by now. */
async function insist(cluster: RestoreCluster, restore: TrafficRestore): Promise<TargetService> {
  const service = await cluster.readService(restore.target);
  if (isOnBaseline(service, restore.baseline)) return service;
  const holder = (await cluster.readLease(restore.target))?.spec?.holderIdentity;
  if (holder !== undefined && holder !== restore.plan) {
    const message = `${formatObjectName(restore.target)} is held by ${holder} by now; its traffic is left as it is`;
    throw new KubernetesFailure('failed', message);
  }
  await writeBaseline(cluster, restore);
  return service;
}

/** What may be over at the next look. */
function passingDoubt(error: unknown): string {
  if (!(error instanceof KubernetesFailure) || !passing.has(error.kind)) throw error;
  return error.message;
}

const passing: ReadonlySet<KubernetesFailureKind> = new Set(['busy', 'refused', 'unreachable']);

/** Whether 100 % baseline is written, be it served already or not. */
export function isOnBaseline({ spec }: TargetService, baseline: string): boolean {
  return servesShares(spec.traffic ?? [], [{ revision: baseline, percent: 100 }]);
}

/** Why the traffic is not confirmed yet. */
function confirmationProblem(service: TargetService, baseline: string): string | undefined {
  const { metadata, spec, status } = service;
  if (!isOnBaseline(service, baseline)) {
    return `somebody else has written ${formatPercents(percentsByRevision(spec.traffic ?? []))}`;
  }
  if ((status?.observedGeneration ?? -1) < (metadata.generation ?? 0))
    return 'Knative has not looked at the change yet';
  const routes = status?.conditions?.find(({ type }) => type === 'RoutesReady');
  if (routes?.status !== 'True') return `RoutesReady is ${routes?.status ?? 'unknown'}: ${routes?.message ?? ''}`;
  const traffic = status?.traffic ?? [];
  if (servesShares(traffic, [{ revision: baseline, percent: 100 }])) return undefined;
  return `status.traffic is ${formatPercents(percentsByRevision(traffic))}`;
}
