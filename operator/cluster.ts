import { createHash } from 'node:crypto';
import { CoreV1Api, CustomObjectsApi, PatchStrategy } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject } from '@kubernetes/client-node';
import { cutText } from '../core/text/limits.ts';
import { visibleText, withVisibleTexts } from '../core/text/visible.ts';
import type { ExperimentStatus } from './status/experiment-status.ts';
import type { StatusEvent } from './status/status-events.ts';
import { isRefusal } from '../kubernetes/api-answer.ts';
import { call } from '../kubernetes/call.ts';
import { KubernetesFailure } from '../kubernetes/failure.ts';
import { createRequestOptions } from '../kubernetes/request-options.ts';
import type { ExperimentKind, ExperimentObject } from './experiment-object.ts';
import { watchObjects } from './watch.ts';
import type { WatchedExperiments, ExperimentWatcher } from './watch.ts';

/** What the operator does in a cluster. Writes fail as `refused` when the object has changed since it was read. */
export interface OperatorCluster {
  readonly setFinalizers: (object: ExperimentObject, finalizers: readonly string[]) => Promise<ExperimentObject>;
  readonly writeStatus: (object: ExperimentObject, status: ExperimentStatus) => Promise<ExperimentObject>;
  /** Writes an event of an object once: writing the same one again changes nothing. */
  readonly writeEvent: (object: ExperimentObject, event: StatusEvent, at: Date) => Promise<void>;
  readonly watch: (kind: ExperimentKind, watcher: ExperimentWatcher) => WatchedExperiments;
}

/** Webhooks are given 10 s by default; the operator has none on its objects. */
const requestLimitMs = 5_000;

const fieldManager = 'serin-operator';

/** Connects to the API server of the kubeconfig's current context. @param namespace the one to watch; undefined: all. */
export function connectOperatorCluster(config: KubeConfig, namespace?: string): OperatorCluster {
  const objects = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  const options = createRequestOptions(requestLimitMs);
  return {
    setFinalizers: async (object, finalizers) => {
      const { resourceVersion } = object.metadata;
      const body = { metadata: { resourceVersion, finalizers } };
      const request = { ...objectCoordinates(object), body, fieldManager };
      const answer = objects.patchNamespacedCustomObject(request, options({ contentType: PatchStrategy.MergePatch }));
      return (await call(`write the finalizers of ${formatExperiment(object)}`, answer)) as ExperimentObject;
    },
    writeStatus: async (object, status) => {
      const request = {
        ...objectCoordinates(object),
        body: { ...object, status: withVisibleTexts(status) },
        fieldManager,
      };
      const answer = objects.replaceNamespacedCustomObjectStatus(request, options());
      return (await call(`write the status of ${formatExperiment(object)}`, answer)) as ExperimentObject;
    },
    writeEvent: async (object, event, at) => {
      const request = { namespace: object.metadata.namespace, body: eventBody(object, event, at), fieldManager };
      const answer = core.createNamespacedEvent(request, options()).catch((error: unknown) => {
        if (!isRefusal(error, 'conflict')) throw error;
      });
      await call(`write an event of ${formatExperiment(object)}`, answer);
    },
    watch: ({ group, version }, watcher) => {
      const coordinates = { group, version, plural: 'experiments' };
      const list = async (): Promise<KubernetesListObject<ExperimentObject>> => {
        const answer =
          namespace === undefined
            ? objects.listCustomObjectForAllNamespaces({ ...coordinates, resourcePlural: 'experiments' }, options())
            : objects.listNamespacedCustomObject({ ...coordinates, namespace }, options());
        // The API server has checked these objects against their schema.
        return (await call(`list experiments.${group}`, answer)) as KubernetesListObject<ExperimentObject>;
      };
      const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
      return watchObjects({ path: `/apis/${group}/${version}${place}/experiments`, config, list }, watcher);
    },
  };
}

/** Whether another writer was faster, or the object no longer exists: then it must be reconciled again. */
export function isOutdated(error: unknown): boolean {
  return error instanceof KubernetesFailure && (error.kind === 'refused' || error.kind === 'notFound');
}

function objectCoordinates({ apiVersion, metadata: { name, namespace } }: ExperimentObject) {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, plural: 'experiments', namespace, name };
}

function formatExperiment({ metadata: { name, namespace } }: ExperimentObject): string {
  return `Experiment ${namespace}/${name}`;
}

/** An event named by a hash of what it says, so that writing it again, after a crash or by another operator, changes nothing. */
function eventBody({ apiVersion, kind, metadata }: ExperimentObject, { type, reason, message }: StatusEvent, at: Date) {
  const { name, namespace, uid } = metadata;
  const hash = createHash('sha256').update(`${uid} ${reason} ${message}`).digest('hex').slice(0, 16);
  return {
    metadata: { name: `${name.slice(0, 200)}.${hash}`, namespace },
    involvedObject: { apiVersion, kind, name, namespace, uid },
    type,
    reason,
    message: cutText(visibleText(message), longestMessage),
    source: { component: fieldManager },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

/** The longest message of an event, characters: Kubernetes describes such notes as at most 1 kB. */
const longestMessage = 1_000;
