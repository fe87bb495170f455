import type { KubeConfig } from '@kubernetes/client-node';
import type { Client } from '@temporalio/client';
import { accountUser, actAs } from '../kubernetes/account.ts';
import { connectRestoreCluster } from '../kubernetes/restore-cluster.ts';
import { connectOperatorCluster } from './cluster.ts';
import { experimentKinds, experimentKey, hasCompleted, parseKey } from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';
import type { OperatorLog } from './log.ts';
import { PendingAborts } from './pending-aborts.ts';
import { createReconciler } from './reconcile.ts';
import { findNext } from './run-limit.ts';
import { runsOn } from './runs.ts';
import type { WatchedExperiments } from './watch.ts';
import { WorkQueue } from './work-queue.ts';
import type { Next } from './work-queue.ts';

export interface OperatorOptions {
  readonly kubeConfig: KubeConfig;
  /** The account of an Experiment's namespace as which its traffic is restored; undefined: the operator does so as itself. */
  readonly serviceAccount: string | undefined;
  /** Need not be connected yet. */
  readonly client: Client;
  readonly taskQueue: string;
  /** The one namespace to watch; undefined: all. */
  readonly watchNamespace?: string;
  /** The runs that a namespace may have at a time; Experiments beyond them wait. */
  readonly maxRunsPerNamespace: number;
  readonly log: OperatorLog;
}

export interface Operator {
  /** Starts no more work. Work in progress may be cut off: the next operator does it again. */
  readonly stop: () => void;
}

/** The limit of each request of a restore, which has a few seconds in all. */
const restoreLimitMs = 3_000;

/** Experiments that are reconciled at the same time, and those of one namespace among them. */
const concurrency = 16;
const namespaceConcurrency = 12;

/**
 * Runs a workflow for each Experiment in the cluster and shows its state in the object. Survives outages of both sides;
 * several operators may run at the same time.
 */
export function startOperator(options: OperatorOptions): Operator {
  const { kubeConfig, client, taskQueue, watchNamespace, maxRunsPerNamespace, log } = options;
  const stopping = new AbortController();
  const cluster = connectOperatorCluster(kubeConfig, watchNamespace);
  const runs = runsOn(client, taskQueue);
  const pendingAborts = new PendingAborts(runs, log);
  const watched = new Map<string, WatchedExperiments>();
  const find = (key: string): ExperimentOutline | undefined => {
    const { group, namespace, name } = parseKey(key);
    return watched.get(group)?.get(name, namespace);
  };
  const experimentsOf = (namespace: string): readonly ExperimentOutline[] | undefined => {
    const lists = experimentKinds.map(({ group }) => watched.get(group)?.list(namespace));
    return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
  };
  const reconciler = createReconciler({
    cluster,
    experimentsOf,
    maxRunsPerNamespace,
    restoreClusterOf: (namespace) => connectRestoreCluster(actingConfig(options, namespace), restoreLimitMs),
    runs,
    pendingAborts,
    log,
    stopping: stopping.signal,
  });
  const reconcile = async (key: string): Promise<Next> => {
    const object = find(key);
    return object === undefined ? undefined : reconciler.reconcile(object);
  };
  const namespaceOf = (key: string): string => parseKey(key).namespace;
  const queue = new WorkQueue(reconcile, { concurrency, namespaceConcurrency, namespaceOf });
  /** Lets those begin for which another that has ended made room. */
  const advance = ({ metadata: { namespace } }: ExperimentOutline): void => {
    const next = findNext(experimentsOf(namespace) ?? [], maxRunsPerNamespace);
    for (const object of next) queue.add(experimentKey(object));
  };
  const changed = (object: ExperimentOutline): void => {
    if (object.metadata.deletionTimestamp !== undefined) reconciler.noticeDeletion(object);
    queue.add(experimentKey(object), { isUrgent: isUrgent(object) });
    if (hasCompleted(object)) advance(object);
  };
  const gone = (object: ExperimentOutline): void => {
    reconciler.forget(object);
    advance(object);
  };
  for (const kind of experimentKinds) {
    const broken = (reason: string): void => log.warn('watch broke, it begins again', { group: kind.group, reason });
    watched.set(kind.group, cluster.watch(kind, { changed, gone, broken }));
  }
  return {
    stop: () => {
      stopping.abort();
      for (const watch of watched.values()) watch.stop();
      queue.stop();
      pendingAborts.stop();
    },
  };
}

function actingConfig(
  { kubeConfig, serviceAccount: name }: Pick<OperatorOptions, 'kubeConfig' | 'serviceAccount'>,
  namespace: string,
): KubeConfig {
  return name === undefined ? kubeConfig : actAs(kubeConfig, accountUser({ namespace, name }));
}

/** Whether the object was just applied or deleted: it does not wait behind observations of runs. */
function isUrgent({ metadata, status }: ExperimentOutline): boolean {
  return metadata.deletionTimestamp !== undefined || status === undefined;
}
