import type { V1Secret } from '@kubernetes/client-node';
import { failure } from '../failures.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import type { HelmUpgrade } from '../../core/tasks/helm-command.ts';
import type { Helm, ReleaseName, ReleaseState } from './helm.ts';
import { decodeRecord, encodeRecord, recordName } from './release-record.ts';

/** The longest wait before a release that another operation may be at work on is tried again. */
const busyRetryMs = 10_000;

/** Whether an operation on the release has begun and not ended. */
export function isPending({ status }: ReleaseState): boolean {
  return status.startsWith('pending-');
}

/** The age from which a pending operation counts as dead, ms: neither serin's helm nor another's is at work that long. */
export function effectivePendingLimitMs(
  { pendingLimitMs }: Helm,
  { timeoutMs }: Pick<HelmUpgrade, 'timeoutMs'>,
): number {
  return Math.max(pendingLimitMs, timeoutMs);
}

/** How long a pending operation may still be at work, ms; `limitMs` counts from its beginning. */
export function pendingMs({ lastDeployedAtMs }: ReleaseState, options: { limitMs: number; nowMs: number }): number {
  return Math.max(0, lastDeployedAtMs + options.limitMs - options.nowMs);
}

/**
 * Frees a release that a killed helm left pending: its record is marked failed, which is what helm itself does when an
 * upgrade fails. Nothing in the cluster but the record changes; `helm rollback` would write old traffic again.
 *
 * Fails as `ReleaseBusy` while the operation may still be at work.
 */
export async function repairPending(
  cluster: ActivityCluster,
  name: ReleaseName,
  state: ReleaseState,
  limitMs: number,
): Promise<void> {
  const leftMs = pendingMs(state, { limitMs, nowMs: Date.now() });
  if (leftMs > 0) throw busy(name, state, leftMs);
  const record = { namespace: name.namespace, name: recordName(name.release, state.revision) };
  const secret = await cluster.readSecret(record);
  if (secret === undefined) throw unrepairable(name, state, `there is no Secret ${record.namespace}/${record.name}`);
  await cluster.replaceSecret(record, markFailed(secret, name, state));
}

function markFailed(secret: V1Secret, name: ReleaseName, state: ReleaseState): V1Secret {
  const data = secret.data?.['release'];
  if (data === undefined) throw unrepairable(name, state, 'its Secret holds no record');
  const record = decodeRecord(data);
  if (!record.info.status.startsWith('pending-')) throw busy(name, state, busyRetryMs);
  const description = `${state.status} was cut off; marked failed by serin`;
  const repaired = encodeRecord({ ...record, info: { ...record.info, status: 'failed', description } });
  const labels = { ...secret.metadata?.labels, status: 'failed' };
  return { ...secret, metadata: { ...secret.metadata, labels }, data: { ...secret.data, release: repaired } };
}

function busy(name: ReleaseName, state: ReleaseState, leftMs: number): Error {
  const message = `${describeRelease(name, state)}; its operation may be at work for another ${Math.ceil(leftMs / 1000)} s`;
  return failure('ReleaseBusy', { message, nextRetryDelayMs: Math.min(leftMs + 500, busyRetryMs) });
}

function unrepairable(name: ReleaseName, state: ReleaseState, reason: string): Error {
  const remedy = `look with \`helm history ${name.release} --namespace ${name.namespace}\` and end the operation by hand`;
  return failure('CommandFailed', {
    message: `${describeRelease(name, state)} and cannot be repaired: ${reason}; ${remedy}`,
  });
}

/** `release default/sample-app is at revision 3, pending-upgrade since 2026-11-23T10:00:00.000Z`. */
export function describeRelease({ release, namespace }: ReleaseName, state: ReleaseState): string {
  const since = new Date(state.lastDeployedAtMs).toISOString();
  return `release ${namespace}/${release} is at revision ${state.revision}, ${state.status} since ${since}`;
}
