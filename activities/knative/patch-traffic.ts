import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { formatWriteId, mayWrite, needsLease } from '../../core/traffic/fencing.ts';
import type { WritePermission } from '../../core/traffic/fencing.ts';
import { leaseAnnotations, planAnnotation } from '../../core/traffic/target.ts';
import type { TaggedRevision, TrafficEntry } from '../../core/traffic/target.ts';
import {
  followLatestTraffic,
  formatPercents,
  formatShares,
  haveShares,
  percentsByRevision,
  pinTraffic,
  servesShares,
} from '../../core/traffic/spec-traffic.ts';
import type { PatchTrafficInput, PatchTrafficResult } from '../../contract/traffic.ts';
import { failure, hasType } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from './cluster.ts';
import { confirmTraffic } from './confirm-traffic.ts';
import { isOurs, readLease } from './lease.ts';
import { isRoutable, trafficEditor } from './objects.ts';
import type { KnativeService, Revision } from './objects.ts';
import { fieldManager } from './cluster.ts';

/**
 * Writes the target's traffic once, however often it is tried, and waits until the cluster reports it.
 *
 * The write is guarded by what was read: the service's resourceVersion, then its plan annotation, then, where another
 * run wrote last, the Lease, which is read after the service so that a change of the owner in between is a conflict.
 */
export async function patchTraffic(cluster: ActivityCluster, input: PatchTrafficInput): Promise<PatchTrafficResult> {
  return withHeartbeats(async () => {
    const acceptedAtMs = await writeLatest(cluster, input);
    const annotation = formatWriteId(input.plan);
    const { target, shares, confirmationLimitMs } = input;
    const confirmation = { target, annotation, shares, acceptedAtMs, confirmationLimitMs };
    const confirmedAtMs = await confirmTraffic(cluster, confirmation);
    return { acceptedAtMs, confirmedAtMs };
  });
}

/** More conflicts in a row than this have another cause than Knative's controllers, which write the status. */
const maxAttempts = 5;

/**
 * Looks again when the service changed after it was read: everything is asked and decided anew. Temporal's next attempt
 * would not begin within a second, however short its interval, and an abort in mid-shift must not wait for that.
 */
async function writeLatest(cluster: ActivityCluster, input: PatchTrafficInput): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(cluster, input);
    } catch (error) {
      if (attempt === maxAttempts || !hasType(error, 'Conflict')) throw error;
    }
  }
}

/** Answers when the API server accepted the write, be it now or in an earlier attempt; epoch ms. */
async function write(cluster: ActivityCluster, input: PatchTrafficInput): Promise<number> {
  const service = await readExisting(cluster, input);
  const permission = await askPermission(cluster, service, input);
  switch (permission.kind) {
    case 'fenced':
      throw fenced(input, permission);
    case 'alreadyWritten':
      return (await isBlocked(cluster, service, input)) ? patch(cluster, service, input) : readAcceptedAtMs(service);
    case 'write':
      requirePresent(service, input);
      return patch(cluster, service, input);
  }
}

function fenced({ target }: PatchTrafficInput, permission: Extract<WritePermission, { kind: 'fenced' }>): Error {
  const { reason, ownSequence } = permission;
  const message = `${formatObjectName(target)}: ${reason}`;
  return failure('Fenced', { message, details: ownSequence === undefined ? [] : [{ ownSequence }] });
}

async function patch(cluster: ActivityCluster, service: KnativeService, input: PatchTrafficInput): Promise<number> {
  const { resourceVersion } = service.metadata;
  const traffic = await nextTraffic(cluster, service, input);
  const annotations = { [planAnnotation]: formatWriteId(input.plan) };
  await cluster.patchService(input.target, { resourceVersion, annotations, traffic });
  return Date.now();
}

/** Whether Knative cannot carry out what we wrote, since a revision at 0 % has become unready after that. */
async function isBlocked(
  cluster: ActivityCluster,
  { spec }: KnativeService,
  input: PatchTrafficInput,
): Promise<boolean> {
  const traffic = spec.traffic ?? [];
  if (!servesShares(traffic, input.shares)) return false;
  const idle = traffic.filter(({ percent = 0 }) => percent === 0);
  const names = new Set(idle.flatMap(({ revisionName }) => revisionName ?? []));
  const revisions = await readRevisions(cluster, input.target, names);
  return [...names].some((name) => !isRoutable(revisions.get(name)));
}

/** A person's edit since our last write is a decision that this write must not undo. */
function requirePresent(service: KnativeService, { target, plan, present }: PatchTrafficInput): void {
  if (present === undefined) return;
  // Before our first write the traffic may follow the latest revision; after it we have pinned all of it by name.
  const latest = plan.sequence === 1 ? service.status?.latestReadyRevisionName : undefined;
  const found = percentsByRevision(service.spec.traffic ?? [], latest);
  if (haveShares(found, present)) return;
  const by = trafficEditor(service)?.manager;
  const edit = `spec.traffic of ${formatObjectName(target)} was changed${by === undefined ? '' : ` by ${by}`}`;
  const difference = `expected ${formatShares(present)}, found ${formatPercents(found)}`;
  throw failure('Drift', { message: `${edit}: ${difference}; nothing was written` });
}

async function readExisting(cluster: ActivityCluster, { target }: PatchTrafficInput): Promise<KnativeService> {
  const service = await cluster.readService(target);
  if (service !== undefined && service.metadata.deletionTimestamp === undefined) return service;
  throw failure('TargetGone', { message: `Knative Service ${formatObjectName(target)} is gone; nothing was written` });
}

async function askPermission(
  cluster: ActivityCluster,
  service: KnativeService,
  { target, holder, plan }: PatchTrafficInput,
): Promise<WritePermission> {
  const found = service.metadata.annotations?.[planAnnotation];
  const question = { plan, ...(found === undefined ? {} : { annotation: found }) };
  if (!needsLease(question)) return mayWrite({ ...question, leaseIsOurs: false });
  const lease = await readLease(cluster, target);
  const previousPlan = lease?.metadata?.annotations?.[leaseAnnotations.previousPlan];
  return mayWrite({
    ...question,
    leaseIsOurs: lease !== undefined && isOurs(lease, holder),
    ...(previousPlan === undefined ? {} : { previousPlan }),
  });
}

async function nextTraffic(
  cluster: ActivityCluster,
  service: KnativeService,
  input: PatchTrafficInput,
): Promise<readonly TrafficEntry[]> {
  const present = withTags(service.spec.traffic ?? [], input.tags);
  const latest = service.status?.latestReadyRevisionName;
  const { shares, target } = input;
  const named = present.flatMap(({ revisionName }) => revisionName ?? []);
  const revisions = await readRevisions(
    cluster,
    target,
    new Set([...shares.map(({ revision }) => revision), ...named, ...(latest ? [latest] : [])]),
  );
  const gone = shares.find(({ revision, percent }) => percent > 0 && revisions.get(revision) === undefined);
  if (gone !== undefined) {
    const message = `${formatObjectName(target)}: revision ${gone.revision} is gone and cannot get ${gone.percent} % of the traffic`;
    throw failure('RevisionGone', { message: `${message}; nothing was written` });
  }
  const kept = {
    present,
    isRoutable: (revision: string) => isRoutable(revisions.get(revision)),
    ...(latest === undefined ? {} : { latestReadyRevision: latest }),
  };
  const { followLatest: winner } = input;
  if (winner !== undefined && isLatest(service, winner)) return followLatestTraffic({ ...kept, winner });
  return pinTraffic({ ...kept, shares });
}

/** A newer revision, be it ready or not, would get all the traffic that follows the latest one. */
function isLatest({ status }: KnativeService, revision: string): boolean {
  return status?.latestReadyRevisionName === revision && status.latestCreatedRevisionName === revision;
}

/** A finish action may have dropped tags that the target had before. */
function withTags(present: readonly TrafficEntry[], tags: readonly TaggedRevision[]): readonly TrafficEntry[] {
  const missing = tags.filter(({ tag }) => !present.some((entry) => entry.tag === tag));
  return [...present, ...missing];
}

/** The revisions that exist. */
async function readRevisions(
  cluster: ActivityCluster,
  { namespace }: Pick<ObjectName, 'namespace'>,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Revision>> {
  const found = await Promise.all([...names].map((name) => cluster.readRevision({ namespace, name })));
  return new Map(found.flatMap((revision) => (revision === undefined ? [] : [[revision.metadata.name, revision]])));
}

/** When an earlier attempt's write was accepted, so far as the object tells: whole seconds. */
function readAcceptedAtMs(service: KnativeService): number {
  const editor = trafficEditor(service);
  return editor?.manager === fieldManager && editor.time !== undefined ? Date.parse(editor.time) : Date.now();
}
