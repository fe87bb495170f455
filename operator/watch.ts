import { ListWatch, Watch } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject } from '@kubernetes/client-node';
import { readRefusal } from '../kubernetes/api-answer.ts';
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

export interface Watchable {
  readonly path: string;
  readonly config: KubeConfig;
  readonly list: () => Promise<KubernetesListObject<ExperimentOutline>>;
}

const rewatchMs = 1_000;
const silenceMs = 60_000;

/** Watches objects until it is stopped. The client's informer ends with its first failure; this one is restarted. */
export function watchObjects(
  { path, config, list }: Watchable,
  { changed, gone, broken }: ExperimentWatcher,
): WatchedExperiments {
  let isStopped = false;
  let isListed = false;
  const loggedAtMs = new Map<string, number>();
  // The informer watches when it has taken in the list.
  const watch = new OutlineWatch(config, () => (isListed = true));
  const informer = new ListWatch<ExperimentOutline>(path, watch, list, false);
  const start = (): void => {
    if (!isStopped) informer.start().catch(restart);
  };
  const restart = (error: unknown): void => {
    if (isStopped) return;
    // A kind that the cluster does not have, or does not show to this account, has no objects for the operator.
    isListed ||= remedies.has(httpStatus(error) ?? 0);
    const reason = watchFailureReason(error);
    if (performance.now() - (loggedAtMs.get(reason) ?? -Infinity) > silenceMs) {
      loggedAtMs.set(reason, performance.now());
      broken(reason);
    }
    setTimeout(start, rewatchMs);
  };
  informer.on('add', changed);
  informer.on('update', changed);
  informer.on('delete', gone);
  informer.on('error', restart);
  start();
  return {
    get: (name, namespace) => informer.get(name, namespace),
    list: (namespace) => (isListed ? informer.list(namespace) : undefined),
    stop: () => {
      isStopped = true;
      void informer.stop();
    },
  };
}

/**
 * A watch that passes outlines on, and that ends as if its connection broke when its credentials cannot be read; the client's own
 * rejects a promise that nothing awaits, which would end the process.
 */
class OutlineWatch extends Watch {
  readonly #begins: () => void;

  constructor(config: KubeConfig, begins: () => void) {
    super(config);
    this.#begins = begins;
  }

  override async watch(...[path, query, receive, done]: Parameters<Watch['watch']>): Promise<AbortController> {
    this.#begins();
    const receiveOutline: typeof receive = (phase, object) => {
      receive(phase, isExperimentPhase(phase) ? outlineExperiment(object) : object);
    };
    return super.watch(path, query, receiveOutline, done).catch((error: unknown) => {
      done(error);
      return new AbortController();
    });
  }
}

/** Whether such an event of a watch comes with an Experiment, rather than with an error or a bookmark. */
function isExperimentPhase(phase: string): boolean {
  return phase === 'ADDED' || phase === 'MODIFIED' || phase === 'DELETED';
}

/** What to do where the operator's setup is incomplete, by HTTP status. */
const remedies: ReadonlyMap<number, string> = new Map([
  [403, 'bind its account to the ClusterRole serin-operator of deploy/rbac.yaml'],
  [404, 'apply deploy/crds.yaml'],
]);

function watchFailureReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = remedies.get(httpStatus(error) ?? 0);
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}

/** The HTTP status of a refused list, or of a refused watch, whose error has it in a field. */
function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const refusal = readRefusal(error.cause);
  if (refusal !== undefined) return refusal.code;
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
