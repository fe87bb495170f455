import { EventEmitter, once } from 'node:events';
import { CustomObjectsApi } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../../core/text/defined.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import { knativeApi, routedRevisions } from '../../kubernetes/knative/api.ts';
import type { KnativeMetadata, KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { createRequestOptions } from '../../kubernetes/request-options.ts';
import type { RequestOptions } from '../../kubernetes/request-options.ts';
import { refusedStatus, watchObjects } from '../../kubernetes/watch-objects.ts';
import type { ObjectList, ObjectWatcher, WatchedObjects } from '../../kubernetes/watch-objects.ts';
import { withTimeLimit } from '../../metrics/time-limit.ts';
import type { ActivityCluster } from './cluster.ts';

/** How targets are read. */
export type TargetReads = Pick<ActivityCluster, 'readService' | 'readRevision'>;

/** What a watch of a namespace knows of its Knative Services and revisions. */
export interface WatchedNamespace {
  /** Whether events come in. Asking keeps the watch: it begins with the first question, and ends some minutes after the last one. */
  readonly isOpen: () => boolean;
  /**
   * The objects as the last event has them, or one before it: whether that is the present state is known only where they are as expected.
   * The service is asked for where the API server has told nothing lately. Answers undefined for what is not known.
   */
  readonly recalled: TargetReads;
  /** The service as the last event has it. */
  readonly recallService: (name: ObjectName) => KnativeService | undefined;
  /** Waits for a change of the service; false where none came within `limitMs`. */
  readonly nextChange: (name: ObjectName, limitMs: number, signal: AbortSignal) => Promise<boolean>;
}

const idleMs = 600_000;
/** A watch whose connection broke is not missed: objects are asked for meanwhile. Not all of them begin again at the same time. */
const [rewatchMs, rewatchSpreadMs] = [5_000, 5_000];
/** One that was refused is tried again seldom: each refusal is in the audit log. */
const refusedMs = 600_000;
/** So soon it is noticed that an API server is silent because it hangs. */
const signOfLifeMs = 5_000;
const listLimitMs = 20_000;

interface Watches {
  readonly services: WatchedObjects<KnativeService>;
  readonly revisions: WatchedObjects<Revision>;
}

export interface WatchOptions {
  /** As whose user the objects are watched. */
  readonly kubeConfig: KubeConfig;
  readonly cluster: TargetReads;
  readonly namespace: string;
  /** The objects may not be watched, with these words of the API server. */
  readonly refused: (error: unknown) => void;
}

/** A namespace whose objects are watched from the first question on. */
export function watchNamespace({ kubeConfig, cluster, namespace, refused }: WatchOptions): WatchedNamespace {
  const changes = new EventEmitter().setMaxListeners(0);
  const options = createRequestOptions(listLimitMs);
  // When the watch of the services, or an answer about one of them, last showed that the API server is alive.
  let heardAtMs = -Infinity;
  let watches: Watches | undefined;
  const stop = (): void => {
    watches?.services.stop();
    watches?.revisions.stop();
    watches = undefined;
  };
  const idle = setTimeout(stop, idleMs).unref();

  function keep(): Watches {
    idle.refresh();
    watches ??= startWatches(
      { kubeConfig, namespace, options },
      {
        refused,
        serviceChanged: ({ metadata: { name } }) => {
          heardAtMs = performance.now();
          changes.emit(formatObjectName({ namespace, name }));
        },
      },
    );
    return watches;
  }

  const recallService: WatchedNamespace['recallService'] = ({ name }) => keep().services.get(name, namespace);
  return {
    isOpen: () => {
      const { services, revisions } = keep();
      return services.isOpen() && revisions.isOpen();
    },
    recallService,
    recalled: {
      readService: async (name) => {
        if (performance.now() - heardAtMs <= signOfLifeMs) return recallService(name);
        const service = await cluster.readService(name);
        heardAtMs = performance.now();
        return service;
      },
      readRevision: async ({ name }) => keep().revisions.get(name, namespace),
    },
    nextChange: async (name, limitMs, signal) => {
      try {
        await once(changes, formatObjectName(name), { signal: withTimeLimit(signal, limitMs) });
        return true;
      } catch {
        signal.throwIfAborted();
        return false;
      }
    },
  };
}

interface Listeners {
  readonly refused: (error: unknown) => void;
  readonly serviceChanged: (service: KnativeService) => void;
}

interface Place {
  readonly kubeConfig: KubeConfig;
  readonly namespace: string;
  readonly options: RequestOptions;
}

function startWatches(place: Place, { refused, serviceChanged: changed }: Listeners): Watches {
  const ignore = (): void => undefined;
  return {
    services: watchKind(
      place,
      { plural: 'services', outline: outlineService },
      { changed, gone: changed, broken: waitAfter(refused) },
    ),
    revisions: watchKind(
      place,
      { plural: 'revisions', outline: outlineRevision, labelSelector: routedRevisions },
      { changed: ignore, gone: ignore, broken: waitAfter(refused) },
    ),
  };
}

/** How long to wait after each failure. An API server that has just started denies everything, so a denial counts only when it is repeated. */
function waitAfter(refused: (error: unknown) => void): (error: unknown) => number {
  let denials = 0;
  return (error) => {
    denials = refusedStatus(error) === 403 ? denials + 1 : 0;
    if (denials < 2) return rewatchMs + Math.random() * rewatchSpreadMs;
    refused(error);
    return refusedMs;
  };
}

interface Kind<T> {
  readonly plural: string;
  readonly outline: (object: T) => T;
  readonly labelSelector?: string;
}

function watchKind<T>(
  { kubeConfig, namespace, options }: Place,
  { plural, outline, labelSelector }: Kind<T>,
  watcher: ObjectWatcher<T>,
): WatchedObjects<T> {
  const { group, version } = knativeApi;
  const objects = kubeConfig.makeApiClient(CustomObjectsApi);
  const list = async (): Promise<ObjectList<T>> => {
    const request = { group, version, namespace, plural, ...defined({ labelSelector }) };
    // The API server has checked these objects against their schema.
    const found = (await objects.listNamespacedCustomObject(request, options())) as ObjectList<T>;
    return { ...found, items: found.items.map(outline) };
  };
  const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
  return watchObjects({ path, config: kubeConfig, list, outline, ...defined({ labelSelector }) }, watcher);
}

/** What observations and writes of traffic use of a service. */
function outlineService({ metadata, spec: { traffic }, status }: KnativeService): KnativeService {
  const plan = metadata.annotations?.[planAnnotation];
  const managedFields = metadata.managedFields?.filter(({ subresource = '' }) => subresource === '');
  return {
    metadata: {
      ...outlineMetadata(metadata),
      ...defined({ managedFields, annotations: plan === undefined ? undefined : { [planAnnotation]: plan } }),
    },
    spec: defined({ traffic }),
    ...defined({ status }),
  };
}

function outlineRevision({ metadata, status }: Revision): Revision {
  const { observedGeneration, conditions, actualReplicas } = status ?? {};
  return {
    metadata: outlineMetadata(metadata),
    spec: {},
    status: defined({ observedGeneration, conditions, actualReplicas }),
  };
}

function outlineMetadata(metadata: KnativeMetadata): KnativeMetadata {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp } = metadata;
  return { name, namespace, uid, resourceVersion, ...defined({ generation, deletionTimestamp }) };
}
