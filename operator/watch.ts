import { ListWatch, Watch } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject } from '@kubernetes/client-node';
import { readRefusal } from '../kubernetes/api-answer.ts';
import type { ExperimentObject } from './experiment-object.ts';

export interface ExperimentWatcher {
  /** An object exists, or has changed. */
  readonly changed: (object: ExperimentObject) => void;
  readonly gone: (object: ExperimentObject) => void;
  /** The watch broke, and restarts by itself. Each reason is reported once a minute. */
  readonly broken: (reason: string) => void;
}

export interface WatchedExperiments {
  readonly get: (name: string, namespace: string) => ExperimentObject | undefined;
  readonly stop: () => void;
}

export interface Watchable {
  readonly path: string;
  readonly config: KubeConfig;
  readonly list: () => Promise<KubernetesListObject<ExperimentObject>>;
}

const rewatchMs = 1_000;
const silenceMs = 60_000;

/** Watches objects until it is stopped. The client's informer ends with its first failure; this one is restarted. */
export function watchObjects(
  { path, config, list }: Watchable,
  { changed, gone, broken }: ExperimentWatcher,
): WatchedExperiments {
  let isStopped = false;
  const loggedAtMs = new Map<string, number>();
  const informer = new ListWatch(path, new SteadyWatch(config), list, false);
  const start = (): void => {
    if (!isStopped) informer.start().catch(restart);
  };
  const restart = (error: unknown): void => {
    if (isStopped) return;
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
    stop: () => {
      isStopped = true;
      void informer.stop();
    },
  };
}

/**
 * A watch that ends as if its connection broke when its credentials cannot be read; the client's own rejects a promise that
 * nothing awaits, which would end the process.
 */
class SteadyWatch extends Watch {
  override async watch(...given: Parameters<Watch['watch']>): Promise<AbortController> {
    const [, , , done] = given;
    return super.watch(...given).catch((error: unknown) => {
      done(error);
      return new AbortController();
    });
  }
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
function httpStatus(error: Error): number | undefined {
  const refusal = readRefusal(error.cause);
  if (refusal !== undefined) return refusal.code;
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
