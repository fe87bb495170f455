import { ListWatch, Watch } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { readRefusal } from './api-answer.ts';

export interface ObjectWatcher<T> {
  /** An object exists, or has changed. */
  readonly changed: (object: T) => void;
  readonly gone: (object: T) => void;
  /** The watch broke; it begins again so many ms later. */
  readonly broken: (error: unknown) => number;
}

/** Objects of a kind as the last event has them. */
export interface WatchedObjects<T> {
  readonly get: (name: string, namespace: string) => T | undefined;
  readonly list: (namespace: string) => readonly T[];
  /** Whether the objects have been listed once. */
  readonly isListed: () => boolean;
  /** Whether events come in: what is not known does not exist. */
  readonly isOpen: () => boolean;
  readonly stop: () => void;
}

/** A list as the API server answers it. */
export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly metadata?: { readonly resourceVersion?: string };
}

/** Objects of the API server, and the outlines that are kept of them. */
export interface Watchable<O, T> {
  readonly path: string;
  readonly config: KubeConfig;
  readonly list: () => Promise<ObjectList<T>>;
  readonly outline: (object: O) => T;
  readonly labelSelector?: string;
}

/** Watches objects until it is stopped. The client's informer ends with its first failure; this one is restarted. */
export function watchObjects<O, T>(
  { path, config, list, outline, labelSelector }: Watchable<O, T>,
  { changed, gone, broken }: ObjectWatcher<T>,
): WatchedObjects<T> {
  let isStopped = false;
  // The informer watches when it has taken in the list.
  const watch = new OutlineWatch(config, outline);
  // The informer asks for objects whose times are of a class, and for a list that has a kind: it uses neither.
  const listAll = list as () => Promise<KubernetesListObject<T & KubernetesObject>>;
  const informer = new ListWatch<T & KubernetesObject>(path, watch, listAll, false, labelSelector);
  const start = (): void => {
    if (!isStopped) informer.start().catch(restart);
  };
  const restart = (error: unknown): void => {
    if (!isStopped) setTimeout(start, broken(error));
  };
  informer.on('add', changed);
  informer.on('update', changed);
  informer.on('delete', gone);
  informer.on('error', restart);
  start();
  return {
    get: (name, namespace) => informer.get(name, namespace),
    list: (namespace) => informer.list(namespace),
    isListed: () => watch.hasBegun,
    isOpen: () => watch.isOpen,
    stop: () => {
      isStopped = true;
      watch.stop();
      void informer.stop();
    },
  };
}

/**
 * A watch that passes outlines on, and that ends as if its connection broke when its credentials cannot be read; the client's own
 * rejects a promise that nothing awaits, which would end the process.
 */
class OutlineWatch<O, T> extends Watch {
  readonly #outline: (object: O) => T;
  #hasBegun = false;
  #isOpen = false;
  #isStopped = false;

  constructor(config: KubeConfig, outline: (object: O) => T) {
    super(config);
    this.#outline = outline;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Also ends a request that is on its way, which the informer does not know yet. */
  stop(): void {
    this.#isStopped = true;
  }

  override async watch(...[path, query, receive, done]: Parameters<Watch['watch']>): Promise<AbortController> {
    this.#hasBegun = true;
    let hasEnded = false;
    const end = (error: unknown): void => {
      if (hasEnded) return;
      hasEnded = true;
      this.#isOpen = false;
      done(error);
    };
    const receiveOutline: typeof receive = (phase, object) => {
      if (hasEnded) return;
      // What stands in the way of the API server may answer anything; the informer fails on it where nothing awaits it.
      if (typeof object !== 'object' || object === null)
        end(new Error(`expected events of ${path}, got another answer`));
      else receive(phase, isObjectPhase(phase) ? this.#outline(object) : object);
    };
    const controller = await super.watch(path, query, receiveOutline, end).catch((error: unknown) => {
      end(error);
      return new AbortController();
    });
    this.#isOpen = !hasEnded && !this.#isStopped;
    if (this.#isStopped) controller.abort();
    return controller;
  }
}

/** The HTTP status of a refused list, or of a refused watch, whose error has it in a field; undefined where nothing was answered. */
export function refusedStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const refusal = readRefusal(error) ?? readRefusal(error.cause);
  if (refusal !== undefined) return refusal.code;
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Whether such an event of a watch comes with an object, rather than with an error or a bookmark. */
function isObjectPhase(phase: string): boolean {
  return phase === 'ADDED' || phase === 'MODIFIED' || phase === 'DELETED';
}
