import { defined } from '../../core/text/defined.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { Share } from '../../core/experiment/versions.ts';
import { formatWriteId, mayWrite, needsLease } from '../../core/traffic/fencing.ts';
import type { WritePermission } from '../../core/traffic/fencing.ts';
import { leaseAnnotations, planAnnotation } from '../../core/traffic/target.ts';
import {
  formatPercents,
  formatShares,
  haveShares,
  percentsByRevision,
  servesShares,
} from '../../core/traffic/spec-traffic.ts';
import type { PatchTrafficInput, PatchTrafficResult } from '../../contract/traffic.ts';
import { fieldManager } from '../../kubernetes/knative/api.ts';
import { isRoutable, trafficEditor } from '../../kubernetes/knative/objects.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { writeTraffic } from '../../kubernetes/knative/write-traffic.ts';
import type { TrafficWriter } from '../../kubernetes/knative/write-traffic.ts';
import { failure, hasType } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from './cluster.ts';
import { confirmWrite, noEvents } from './confirm-write.ts';
import type { AcceptedWrite, WrittenEvents } from './confirm-write.ts';
import { fencedFailure, isRestored } from './fenced.ts';
import { isOurs, readLease } from './lease.ts';

/**
 * Writes the target's traffic once, however often it is tried, and waits until the cluster reports it.
 *
 * The write is guarded by what was read: the service's resourceVersion, then its plan annotation, then, where another
 * run wrote last, the Lease, which is read after the service so that a change of the owner in between is a conflict.
 *
 * Fails as `Fenced`, `Drift`, `TargetGone` or `RevisionGone` before the write, and as `NotConfirmed` or `Fenced` after it.
 */
export async function patchTraffic(
  cluster: ActivityCluster,
  input: PatchTrafficInput,
  watched: WrittenEvents = noEvents,
): Promise<PatchTrafficResult> {
  return withHeartbeats(async () => {
    const accepted = await write(cluster, input);
    await confirmWrite({ cluster, watched }, input, accepted);
    return { acceptedAtMs: accepted.atMs, confirmedAtMs: Date.now() };
  });
}

/**
 * The attempts of a write that meets conflicts. Temporal's next attempt would not begin within a second, however short its
 * interval, and an abort in mid-shift must not wait for that.
 */
const maxAttempts = 5;

/** Writes the traffic; returns when the API server accepted it, now or in an earlier attempt. */
async function write(cluster: ActivityCluster, input: PatchTrafficInput): Promise<AcceptedWrite> {
  const { target, plan, shares, tags, followLatest } = input;
  const writer: TrafficWriter = {
    maxAttempts,
    readService: () => readExisting(cluster, input),
    shouldWrite: (service) => shouldWrite(cluster, service, input),
    readRevisions: ({ namespace }, names) => readRevisions(cluster, namespace, names),
    revisionGone: (gone) => revisionGone(target, gone),
    patchService: cluster.patchService,
    // A service that is gone is found to be so when it is read again.
    isConflict: (error) => hasType(error, 'Conflict', 'NotFound'),
  };
  const result = await writeTraffic(writer, {
    target,
    plan: formatWriteId(plan),
    shares,
    tags,
    ...defined({ followLatest }),
  });
  return result.kind === 'written'
    ? { atMs: Date.now(), isNew: true }
    : { atMs: readAcceptedAtMs(result.service), isNew: false };
}

async function shouldWrite(
  cluster: ActivityCluster,
  service: KnativeService,
  input: PatchTrafficInput,
): Promise<boolean> {
  const permission = await askPermission(cluster, service, input);
  switch (permission.kind) {
    case 'fenced':
      throw fenced(service, input, permission);
    case 'alreadyWritten':
      return isBlocked(cluster, service, input);
    case 'write':
      requirePresent(service, input);
      return true;
  }
}

function fenced(
  service: KnativeService,
  input: PatchTrafficInput,
  { reason, ownSequence }: Extract<WritePermission, { kind: 'fenced' }>,
): Error {
  const message = `${formatObjectName(input.target)}: ${reason}`;
  return fencedFailure(message, defined({ ownSequence, isRestored: isRestored(service, input) }));
}

/** Whether Knative cannot carry out what we wrote because a revision at 0 % has become unready after that. */
async function isBlocked(
  cluster: ActivityCluster,
  { spec }: KnativeService,
  input: PatchTrafficInput,
): Promise<boolean> {
  const traffic = spec.traffic ?? [];
  if (!servesShares(traffic, input.shares)) return false;
  const idle = traffic.filter(({ percent = 0 }) => percent === 0);
  const names = new Set(idle.flatMap(({ revisionName }) => revisionName ?? []));
  const revisions = await readRevisions(cluster, input.target.namespace, names);
  return [...names].some((name) => !isRoutable(revisions.get(name)));
}

/** Fails as `Drift` when the traffic was edited since our last write: that is a decision that this write must not undo. */
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
  const question = { plan, ...defined({ annotation: found }) };
  if (!needsLease(question)) return mayWrite({ ...question, leaseIsOurs: false });
  const lease = await readLease(cluster, target);
  const previousPlan = lease?.metadata?.annotations?.[leaseAnnotations.previousPlan];
  return mayWrite({
    ...question,
    leaseIsOurs: lease !== undefined && isOurs(lease, holder),
    ...defined({ previousPlan }),
  });
}

function revisionGone(target: ObjectName, { revision, percent }: Share): Error {
  const message = `${formatObjectName(target)}: revision ${revision} is gone and cannot get ${percent} % of the traffic`;
  return failure('RevisionGone', { message: `${message}; nothing was written` });
}

/** The named revisions that exist, by name. */
async function readRevisions(
  cluster: ActivityCluster,
  namespace: string,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Revision>> {
  const found = await Promise.all([...names].map((name) => cluster.readRevision({ namespace, name })));
  return new Map(found.flatMap((revision) => (revision === undefined ? [] : [[revision.metadata.name, revision]])));
}

/** When an earlier attempt's write was accepted, epoch ms: by the object, in whole seconds, else now. */
function readAcceptedAtMs(service: KnativeService): number {
  const editor = trafficEditor(service);
  return editor?.manager === fieldManager && editor.time !== undefined ? Date.parse(editor.time) : Date.now();
}
