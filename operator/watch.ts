import { ListWatch, Watch } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject } from '@kubernetes/client-node';
import { readRefusal } from '../kubernetes/api-answer.ts';
import type { ExperimentObject } from './experiment-object.ts';

export interface ExperimentWatcher {
  /** An object that is there, or has changed. */
  readonly changed: (object: ExperimentObject) => void;
  readonly gone: (object: ExperimentObject) => void;
  /** The watch broke, and begins again by itself. The same reason is told once a minute. */
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

/** The client's informer ends with its first failure; this one begins again, from what it has seen. */
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
 * A watch whose credentials cannot be read now ends like one whose connection breaks; the client's own rejects where nobody
 * waits for it, which would end the process.
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

/** What an operator that was not set up whole is told, by HTTP status. */
const remedies: ReadonlyMap<number, string> = new Map([
  [403, 'bind its account to the ClusterRole serin-operator of deploy/rbac.yaml'],
  [404, 'apply deploy/crds.yaml'],
]);

function watchFailureReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = remedies.get(httpStatus(error) ?? 0);
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}

/** Of a list that was refused, or of a watch, which the client tells in a field. */
function httpStatus(error: Error): number | undefined {
  const refusal = readRefusal(error.cause);
  if (refusal !== undefined) return refusal.code;
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
