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
import { outlineExperiment } from './experiment-object.ts';
import type { ExperimentKind, ExperimentObject, ExperimentOutline } from './experiment-object.ts';
import { watchExperiments } from './watch.ts';
import type { WatchedExperiments, ExperimentWatcher } from './watch.ts';

/** What the operator does in a cluster. Writes fail as `refused` when the object has changed since it was read. */
export interface OperatorCluster {
  /** Reads all of the object; fails as `refused` when its name belongs to another one by now. */
  readonly readExperiment: (outline: ExperimentOutline) => Promise<ExperimentObject>;
  readonly setFinalizers: (outline: ExperimentOutline, finalizers: readonly string[]) => Promise<ExperimentOutline>;
  readonly writeStatus: (outline: ExperimentOutline, status: ExperimentStatus) => Promise<ExperimentOutline>;
  /** Writes an event of an object once: writing the same one again changes nothing. */
  readonly writeEvent: (outline: ExperimentOutline, event: StatusEvent, at: Date) => Promise<void>;
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
    readExperiment: async (outline) => {
      const what = `read ${formatExperiment(outline)}`;
      const answer = objects.getNamespacedCustomObject(objectCoordinates(outline), options());
      // The API server has checked the object against its schema.
      const object = (await call(what, answer)) as ExperimentObject;
      if (object.metadata.uid === outline.metadata.uid) return object;
      throw new KubernetesFailure('refused', `cannot ${what}: it was created again`);
    },
    setFinalizers: async (outline, finalizers) => {
      const { resourceVersion } = outline.metadata;
      const body = { metadata: { resourceVersion, finalizers } };
      const request = { ...objectCoordinates(outline), body, fieldManager };
      const answer = objects.patchNamespacedCustomObject(request, options({ contentType: PatchStrategy.MergePatch }));
      return outlineExperiment(
        (await call(`write the finalizers of ${formatExperiment(outline)}`, answer)) as ExperimentObject,
      );
    },
    writeStatus: async (outline, status) => {
      const { apiVersion, kind, metadata } = outline;
      // The API server keeps everything else as it is.
      const body = { apiVersion, kind, metadata: identity(metadata), status: withVisibleTexts(status) };
      const request = { ...objectCoordinates(outline), body, fieldManager };
      const answer = objects.replaceNamespacedCustomObjectStatus(request, options());
      return outlineExperiment(
        (await call(`write the status of ${formatExperiment(outline)}`, answer)) as ExperimentObject,
      );
    },
    writeEvent: async (outline, event, at) => {
      const request = { namespace: outline.metadata.namespace, body: eventBody(outline, event, at), fieldManager };
      const answer = core.createNamespacedEvent(request, options()).catch((error: unknown) => {
        if (!isRefusal(error, 'conflict')) throw error;
      });
      await call(`write an event of ${formatExperiment(outline)}`, answer);
    },
    watch: ({ group, version }, watcher) => {
      const coordinates = { group, version, plural: 'experiments' };
      const listPage = async (page: PageRequest): Promise<Page> => {
        const request = { ...coordinates, ...page };
        const answer =
          namespace === undefined
            ? objects.listCustomObjectForAllNamespaces({ ...request, resourcePlural: 'experiments' }, options())
            : objects.listNamespacedCustomObject({ ...request, namespace }, options());
        // The API server has checked these objects against their schema.
        return (await call(`list experiments.${group}`, answer)) as Page;
      };
      const list = (): Promise<KubernetesListObject<ExperimentOutline>> => listOutlines(listPage);
      const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
      return watchExperiments({ path: `/apis/${group}/${version}${place}/experiments`, config, list }, watcher);
    },
  };
}

interface PageRequest {
  readonly limit: number;
  readonly _continue?: string;
}

interface Page {
  readonly items: readonly ExperimentObject[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

/** Large Experiments are not all in memory at the same time. */
const pageSize = 50;

/** Lists the outlines of all objects, page by page. */
async function listOutlines(
  listPage: (request: PageRequest) => Promise<Page>,
): Promise<KubernetesListObject<ExperimentOutline>> {
  let page = await listPage({ limit: pageSize });
  const items = page.items.map(outlineExperiment);
  while (page.metadata.continue) {
    page = await listPage({ limit: pageSize, _continue: page.metadata.continue });
    items.push(...page.items.map(outlineExperiment));
  }
  return { items, metadata: { resourceVersion: page.metadata.resourceVersion } };
}

/** Whether another writer was faster, or the object no longer exists: then it must be reconciled again. */
export function isOutdated(error: unknown): boolean {
  return error instanceof KubernetesFailure && (error.kind === 'refused' || error.kind === 'notFound');
}

function objectCoordinates({ apiVersion, metadata: { name, namespace } }: ExperimentOutline) {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, plural: 'experiments', namespace, name };
}

/** By which the API server knows whether the object is still the one that was read. */
function identity({ name, namespace, uid, resourceVersion }: ExperimentOutline['metadata']) {
  return { name, namespace, uid, resourceVersion };
}

function formatExperiment({ metadata: { name, namespace } }: ExperimentOutline): string {
  return `Experiment ${namespace}/${name}`;
}

/** An event named by a hash of what it says, so that writing it again, after a crash or by another operator, changes nothing. */
function eventBody(
  { apiVersion, kind, metadata }: ExperimentOutline,
  { type, reason, message }: StatusEvent,
  at: Date,
) {
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
