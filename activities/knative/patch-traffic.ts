import { cancellationSignal, sleep } from '@temporalio/activity';
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
import { confirmTraffic } from '../../kubernetes/knative/confirm-traffic.ts';
import { isRoutable, trafficEditor } from '../../kubernetes/knative/objects.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { writeTraffic } from '../../kubernetes/knative/write-traffic.ts';
import type { TrafficWriter } from '../../kubernetes/knative/write-traffic.ts';
import { failure, hasType } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from './cluster.ts';
import { isOurs, readLease } from './lease.ts';
import type { WatchedNamespace } from './watched-namespace.ts';

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
    const acceptedAtMs = await write(cluster, input);
    await confirm({ cluster, watched }, input, acceptedAtMs);
    return { acceptedAtMs, confirmedAtMs: Date.now() };
  });
}

/**
 * The attempts of a write that meets conflicts. Temporal's next attempt would not begin within a second, however short its
 * interval, and an abort in mid-shift must not wait for that.
 */
const maxAttempts = 5;

/** Writes the traffic; returns when the API server accepted it, now or in an earlier attempt, epoch ms. */
async function write(cluster: ActivityCluster, input: PatchTrafficInput): Promise<number> {
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
  return result.kind === 'written' ? Date.now() : readAcceptedAtMs(result.service);
}

async function shouldWrite(
  cluster: ActivityCluster,
  service: KnativeService,
  input: PatchTrafficInput,
): Promise<boolean> {
  const permission = await askPermission(cluster, service, input);
  switch (permission.kind) {
    case 'fenced':
      throw fenced(input, permission);
    case 'alreadyWritten':
      return isBlocked(cluster, service, input);
    case 'write':
      requirePresent(service, input);
      return true;
  }
}

function fenced({ target }: PatchTrafficInput, permission: Extract<WritePermission, { kind: 'fenced' }>): Error {
  const { reason, ownSequence } = permission;
  const message = `${formatObjectName(target)}: ${reason}`;
  return failure('Fenced', { message, details: ownSequence === undefined ? [] : [{ ownSequence }] });
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

/** What a watch tells of a target after a write. */
export type WrittenEvents = Pick<WatchedNamespace, 'isOpen' | 'recallService' | 'nextChange'>;

const noEvents: WrittenEvents = {
  isOpen: () => false,
  recallService: () => undefined,
  nextChange: async (_, limitMs) => {
    await sleep(limitMs);
    return false;
  },
};

interface Confirmer {
  readonly cluster: ActivityCluster;
  readonly watched: WrittenEvents;
}

/** Knative reports a change after a tenth of a second at best, after 2 s at the median: reads are close together at first. */
const [firstPauseMs, pauseGrowth, longestPauseMs] = [150, 1.4, 1_000];
/** What events do not tell for so long is asked for. */
const silenceMs = 2_000;

async function confirm({ cluster, watched }: Confirmer, input: PatchTrafficInput, acceptedAtMs: number): Promise<void> {
  const { target, shares, confirmationLimitMs: limitMs } = input;
  let pauseMs = firstPauseMs;
  let isTold = true;
  const pause = async (): Promise<boolean> => {
    const isOpen = watched.isOpen();
    isTold = await watched.nextChange(target, isOpen ? silenceMs : pauseMs, cancellationSignal());
    if (!isOpen) pauseMs = Math.min(pauseMs * pauseGrowth, longestPauseMs);
    return true;
  };
  const doubt = await confirmTraffic({
    shares,
    readWritten: async () => (isTold ? recallWritten(watched, input) : readWritten(cluster, input)),
    limitMs,
    pause,
  });
  if (doubt === undefined) return;
  const written = `traffic of ${formatObjectName(target)} is written (${formatShares(shares)})`;
  const message = `${written} but not confirmed within ${limitMs / 1000} s: ${doubt}`;
  throw failure('NotConfirmed', { message, details: [{ acceptedAtMs }] });
}

/** The service as the last event has it, which may be from before the write. */
function recallWritten({ recallService }: WrittenEvents, { target, plan }: PatchTrafficInput): KnativeService | string {
  const service = recallService(target);
  const isOurs = service?.metadata.annotations?.[planAnnotation] === formatWriteId(plan);
  return isOurs ? service : 'the API server has not told of the write yet';
}

/** The service with our plan annotation. Another one means that a later decision was written: fails as `Fenced`. */
async function readWritten(cluster: ActivityCluster, { target, plan }: PatchTrafficInput): Promise<KnativeService> {
  const service = await cluster.readService(target);
  const name = formatObjectName(target);
  if (service === undefined) {
    throw failure('TargetGone', { message: `Knative Service ${name} was deleted after its traffic was written` });
  }
  const annotation = formatWriteId(plan);
  const found = service.metadata.annotations?.[planAnnotation];
  if (found === annotation) return service;
  const message = `traffic write ${annotation} of ${name} was followed by ${found ?? 'one without a plan'} before it was confirmed`;
  throw failure('Fenced', { message });
}
