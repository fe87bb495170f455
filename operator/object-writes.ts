import { isDeepStrictEqual } from 'node:util';
import { defined } from '../core/text/defined.ts';
import { initialStatus } from './status/experiment-status.ts';
import type { ExperimentStatus } from './status/experiment-status.ts';
import { eventsBetween } from './status/status-events.ts';
import type { StatusEvent } from './status/status-events.ts';
import type { RestoreCluster } from '../kubernetes/restore-cluster.ts';
import type { OperatorCluster } from './cluster.ts';
import { finalizer, hasFinalizer, experimentKey } from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';
import type { OperatorLog } from './log.ts';
import type { PendingAborts } from './pending-aborts.ts';
import type { Runs } from './runs.ts';

/** The operator's connections and shared state. */
export interface OperatorDependencies {
  readonly cluster: OperatorCluster;
  /** All Experiments of the namespace; undefined while it is not known which there are. */
  readonly experimentsOf: (namespace: string) => readonly ExperimentOutline[] | undefined;
  readonly maxRunsPerNamespace: number;
  /** For Experiments of the namespace: as its account. */
  readonly restoreClusterOf: (namespace: string) => RestoreCluster;
  readonly runs: Runs;
  readonly pendingAborts: PendingAborts;
  readonly log: OperatorLog;
  /** Aborted when the operator stops. */
  readonly stopping: AbortSignal;
}

/** The object's status, or the initial one. */
export function currentStatus({ metadata: { generation }, status }: ExperimentOutline): ExperimentStatus {
  if (status !== undefined) return status;
  return { ...defined({ observedGeneration: generation }), ...initialStatus(Date.now()) };
}

/** Writes a status that differs, its events first: after a crash in between they are written again, which changes nothing. */
export async function writeStatus(
  dependencies: OperatorDependencies,
  object: ExperimentOutline,
  status: ExperimentStatus,
): Promise<ExperimentOutline> {
  if (object.status !== undefined && isJsonEqual(object.status, status)) return object;
  for (const event of eventsBetween(object.status, status)) await writeEvent(dependencies, object, event);
  return dependencies.cluster.writeStatus(object, status);
}

/** Logs and writes an event. A refused one, as in a namespace that is being deleted, is only logged. */
export async function writeEvent(
  { cluster, log }: OperatorDependencies,
  object: ExperimentOutline,
  event: StatusEvent,
): Promise<void> {
  const { type, reason, message } = event;
  const experiment = experimentKey(object);
  log[type === 'Normal' ? 'info' : 'warn'](message, { experiment, reason });
  await cluster.writeEvent(object, event, new Date()).catch((error: unknown) => {
    log.warn('an event was not written', { experiment, reason: String(error) });
  });
}

/** Keeps the object from going until its run is over. */
export async function addFinalizer(
  { cluster }: OperatorDependencies,
  object: ExperimentOutline,
): Promise<ExperimentOutline> {
  if (hasFinalizer(object)) return object;
  return cluster.setFinalizers(object, [...(object.metadata.finalizers ?? []), finalizer]);
}

/** Lets the object go when it is deleted. */
export async function dropFinalizer({ cluster }: OperatorDependencies, object: ExperimentOutline): Promise<void> {
  if (!hasFinalizer(object)) return;
  const others = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  await cluster.setFinalizers(object, others);
}

/** Whether two values are equal once they have been through JSON, which knows no `undefined` and no `-0`. */
function isJsonEqual(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
