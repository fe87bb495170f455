import { createHash } from 'node:crypto';
import { CoreV1Api, CustomObjectsApi, PatchStrategy } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject } from '@kubernetes/client-node';
import type { ExperimentStatus } from './status/experiment-status.ts';
import type { StatusEvent } from './status/status-events.ts';
import { isRefusal } from '../kubernetes/api-answer.ts';
import { call } from '../kubernetes/call.ts';
import { KubernetesFailure } from '../kubernetes/failure.ts';
import { createRequestOptions } from '../kubernetes/request-options.ts';
import type { ExperimentKind, ExperimentObject } from './experiment-object.ts';
import { watchObjects } from './watch.ts';
import type { WatchedExperiments, ExperimentWatcher } from './watch.ts';

/** What the operator does in a cluster. Writes are refused as `refused` when the object is no longer the one given. */
export interface OperatorCluster {
  readonly setFinalizers: (object: ExperimentObject, finalizers: readonly string[]) => Promise<ExperimentObject>;
  readonly writeStatus: (object: ExperimentObject, status: ExperimentStatus) => Promise<ExperimentObject>;
  /** Once: the same event of the same object is not written again. */
  readonly writeEvent: (object: ExperimentObject, event: StatusEvent, at: Date) => Promise<void>;
  readonly watch: (kind: ExperimentKind, watcher: ExperimentWatcher) => WatchedExperiments;
}

/** Webhooks are given 10 s by default; the operator has none on its objects. */
const requestLimitMs = 5_000;

const fieldManager = 'serin-operator';

/** @param namespace the one that is watched; undefined: all. */
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
      const request = { ...objectCoordinates(object), body: { ...object, status }, fieldManager };
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

/** Another writer was faster, or the object is not there any more: it must be looked at again. */
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

/** Named after what it says, so that whoever writes it again, after a crash or beside another operator, changes nothing. */
function eventBody({ apiVersion, kind, metadata }: ExperimentObject, { type, reason, message }: StatusEvent, at: Date) {
  const { name, namespace, uid } = metadata;
  const hash = createHash('sha256').update(`${uid} ${reason} ${message}`).digest('hex').slice(0, 16);
  return {
    metadata: { name: `${name.slice(0, 200)}.${hash}`, namespace },
    involvedObject: { apiVersion, kind, name, namespace, uid },
    type,
    reason,
    message: message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message,
    source: { component: fieldManager },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

/** The API server's limit, in bytes; a message of other characters is cut shorter by it than it needs to be. */
const longestMessage = 1_000;
