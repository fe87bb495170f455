import type { KubeConfig } from '@kubernetes/client-node';
import type { Client } from '@temporalio/client';
import { accountUser, actAs } from '../kubernetes/account.ts';
import { connectRestoreCluster } from '../kubernetes/restore-cluster.ts';
import { connectOperatorCluster } from './cluster.ts';
import { experimentKinds, experimentKey, parseKey, withOwnStatus } from './experiment-object.ts';
import type { ExperimentObject } from './experiment-object.ts';
import type { OperatorLog } from './log.ts';
import { PendingAborts } from './pending-aborts.ts';
import { createReconciler } from './reconcile.ts';
import { runsOn } from './runs.ts';
import type { WatchedExperiments } from './watch.ts';
import { WorkQueue } from './work-queue.ts';

export interface OperatorOptions {
  readonly kubeConfig: KubeConfig;
  /** The account of an Experiment's namespace as which its traffic is restored; undefined: the operator does so as itself. */
  readonly serviceAccount: string | undefined;
  /** Need not be connected yet. */
  readonly client: Client;
  readonly taskQueue: string;
  /** The one namespace to watch; undefined: all. */
  readonly watchNamespace?: string;
  readonly log: OperatorLog;
}

export interface Operator {
  /** Starts no more work. Work in progress may be cut off: the next operator does it again. */
  readonly stop: () => void;
}

/** The limit of each request of a restore, which has a few seconds in all. */
const restoreLimitMs = 3_000;

/** Experiments that are reconciled at the same time. */
const concurrency = 16;

/**
 * Runs a workflow for each Experiment in the cluster and shows its state in the object. Survives outages of both sides;
 * several operators may run at the same time.
 */
export function startOperator(options: OperatorOptions): Operator {
  const { kubeConfig, client, taskQueue, watchNamespace, log } = options;
  const stopping = new AbortController();
  const cluster = connectOperatorCluster(kubeConfig, watchNamespace);
  const runs = runsOn(client, taskQueue);
  const pendingAborts = new PendingAborts(runs, log);
  const watched = new Map<string, WatchedExperiments>();
  const find = (key: string): ExperimentObject | undefined => {
    const { group, namespace, name } = parseKey(key);
    const object = watched.get(group)?.get(name, namespace);
    return object === undefined ? undefined : withOwnStatus(object);
  };
  const reconciler = createReconciler({
    cluster,
    restoreClusterOf: (namespace) => connectRestoreCluster(actingConfig(options, namespace), restoreLimitMs),
    runs,
    pendingAborts,
    log,
    stopping: stopping.signal,
  });
  const queue = new WorkQueue(async (key) => {
    const object = find(key);
    return object === undefined ? undefined : reconciler.reconcile(object);
  }, concurrency);
  for (const kind of experimentKinds) {
    const add = (object: ExperimentObject): void => {
      if (object.metadata.deletionTimestamp !== undefined) reconciler.noticeDeletion(object);
      queue.add(experimentKey(object), { isUrgent: isUrgent(object) });
    };
    const broken = (reason: string): void => log.warn('watch broke, it begins again', { group: kind.group, reason });
    watched.set(kind.group, cluster.watch(kind, { changed: add, gone: (object) => reconciler.forget(object), broken }));
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
function isUrgent({ metadata, status }: ExperimentObject): boolean {
  return metadata.deletionTimestamp !== undefined || status === undefined;
}
