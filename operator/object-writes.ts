import { initialStatus } from './status/experiment-status.ts';
import type { ExperimentStatus } from './status/experiment-status.ts';
import { eventsBetween } from './status/status-events.ts';
import type { StatusEvent } from './status/status-events.ts';
import type { RestoreCluster } from '../kubernetes/restore-cluster.ts';
import type { OperatorCluster } from './cluster.ts';
import { finalizer, hasFinalizer, keyOf } from './experiment-object.ts';
import type { ExperimentObject } from './experiment-object.ts';
import type { OperatorLog } from './log.ts';
import type { OwedAborts } from './owed-aborts.ts';
import type { Runs } from './runs.ts';
import { isSame } from './json-equal.ts';

/** What the operator works with. */
export interface Means {
  readonly cluster: OperatorCluster;
  readonly restoreCluster: RestoreCluster;
  readonly runs: Runs;
  readonly owed: OwedAborts;
  readonly log: OperatorLog;
  readonly stopping: AbortSignal;
}

/** The status that the object has, or the first one. */
export function statusOf({ metadata: { generation }, status }: ExperimentObject): ExperimentStatus {
  if (status !== undefined) return status;
  return { ...(generation === undefined ? {} : { observedGeneration: generation }), ...initialStatus(Date.now()) };
}

/** Events first: after a crash in between they are written again, which changes nothing. */
export async function writeStatus(
  means: Means,
  object: ExperimentObject,
  status: ExperimentStatus,
): Promise<ExperimentObject> {
  if (object.status !== undefined && isSame(object.status, status)) return object;
  for (const event of eventsBetween(object.status, status)) await writeEvent(means, object, event);
  return means.cluster.writeStatus(object, status);
}

/** Tells what happened. An event that is refused, as in a namespace that is being deleted, keeps nothing else from happening. */
export async function writeEvent({ cluster, log }: Means, object: ExperimentObject, event: StatusEvent): Promise<void> {
  const { type, reason, message } = event;
  const experiment = keyOf(object);
  log[type === 'Normal' ? 'info' : 'warn'](message, { experiment, reason });
  await cluster.writeEvent(object, event, new Date()).catch((error: unknown) => {
    log.warn('an event was not written', { experiment, reason: String(error) });
  });
}

/** From now on the object stays until its run is over. */
export async function addFinalizer({ cluster }: Means, object: ExperimentObject): Promise<ExperimentObject> {
  if (hasFinalizer(object)) return object;
  return cluster.setFinalizers(object, [...(object.metadata.finalizers ?? []), finalizer]);
}

/** The object may go whenever somebody deletes it. */
export async function dropFinalizer({ cluster }: Means, object: ExperimentObject): Promise<void> {
  if (!hasFinalizer(object)) return;
  const others = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  await cluster.setFinalizers(object, others);
}
