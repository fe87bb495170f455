import type { KubeConfig } from '@kubernetes/client-node';
import { refusedStatus, watchObjects } from '../kubernetes/watch-objects.ts';
import type { ObjectList } from '../kubernetes/watch-objects.ts';
import { outlineExperiment } from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';

export interface ExperimentWatcher {
  /** An object exists, or has changed. */
  readonly changed: (outline: ExperimentOutline) => void;
  readonly gone: (outline: ExperimentOutline) => void;
  /** The watch broke, and restarts by itself. Each reason is reported once a minute. */
  readonly broken: (reason: string) => void;
}

export interface WatchedExperiments {
  readonly get: (name: string, namespace: string) => ExperimentOutline | undefined;
  /** All of a namespace; undefined while it is not known which there are. */
  readonly list: (namespace: string) => readonly ExperimentOutline[] | undefined;
  readonly stop: () => void;
}

export interface WatchableExperiments {
  readonly path: string;
  readonly config: KubeConfig;
  readonly list: () => Promise<ObjectList<ExperimentOutline>>;
}

const rewatchMs = 1_000;
const silenceMs = 60_000;

/** Watches Experiments until it is stopped. */
export function watchExperiments(
  watchable: WatchableExperiments,
  { changed, gone, broken: report }: ExperimentWatcher,
): WatchedExperiments {
  let isForeign = false;
  const loggedAtMs = new Map<string, number>();
  const broken = (error: unknown): number => {
    // A kind that the cluster does not have, or does not show to this account, has no objects for the operator.
    isForeign ||= remedies.has(refusedStatus(error) ?? 0);
    const reason = watchFailureReason(error);
    if (performance.now() - (loggedAtMs.get(reason) ?? -Infinity) > silenceMs) {
      loggedAtMs.set(reason, performance.now());
      report(reason);
    }
    return rewatchMs;
  };
  const watched = watchObjects({ ...watchable, outline: outlineExperiment }, { changed, gone, broken });
  return {
    get: watched.get,
    list: (namespace) => (watched.isListed() || isForeign ? watched.list(namespace) : undefined),
    stop: watched.stop,
  };
}

/** What to do where the operator's setup is incomplete, by HTTP status. */
const remedies: ReadonlyMap<number, string> = new Map([
  [403, 'bind its account to the ClusterRole serin-operator of deploy/rbac.yaml'],
  [404, 'apply deploy/crds.yaml'],
]);

function watchFailureReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = remedies.get(refusedStatus(error) ?? 0);
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}
