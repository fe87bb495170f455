import { CustomObjectsApi, PatchStrategy } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';
import type { RequestOptions } from '../request-options.ts';
import type { KnativeService, Revision } from './objects.ts';

/** A guarded change of a Knative Service: refused as a conflict when the service is no longer at `resourceVersion`. */
export interface ServicePatch {
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly traffic: readonly TrafficEntry[];
}

/** Knative Serving's objects, one request per call. Failures are the client's exceptions; `readRefusal` reads them. */
export interface KnativeApi {
  readonly readService: (name: ObjectName) => Promise<KnativeService>;
  readonly listServices: () => Promise<readonly KnativeService[]>;
  readonly readRevision: (name: ObjectName) => Promise<Revision>;
  /** The revisions of one service. */
  readonly listRevisions: (service: ObjectName) => Promise<readonly Revision[]>;
  /** Sets annotations of a revision; null removes one. */
  readonly annotateRevision: (
    name: ObjectName,
    annotations: Readonly<Record<string, string | null>>,
  ) => Promise<unknown>;
  readonly patchService: (name: ObjectName, patch: ServicePatch) => Promise<KnativeService>;
  /** What the service would be after the merge patch, defaults and webhooks included; nothing is changed. */
  readonly rehearsePatch: (name: ObjectName, body: object) => Promise<KnativeService>;
}

/** The group and version of Knative Serving's API. */
export const knativeApi = { group: 'serving.knative.dev', version: 'v1' } as const;

/** The label by which Knative says which service a revision belongs to. */
export const serviceLabel = 'serving.knative.dev/service';

/** Selects the revisions that Knative routes to, be it at 0 %. */
export const routedRevisions = 'serving.knative.dev/routingState=active';

/** The name under which serin owns the fields that it writes. */
export const fieldManager = 'serin';

/** Connects to the API server of the kubeconfig's current context. */
export function connectKnative(config: KubeConfig, options: RequestOptions): KnativeApi {
  const objects = config.makeApiClient(CustomObjectsApi);
  // The API server has checked the objects against their schema, so a cast is enough.
  const read = async <T>(name: ObjectName, plural: string): Promise<T> =>
    (await objects.getNamespacedCustomObject({ ...knativeApi, ...name, plural }, options())) as T;
  const merge = async (name: ObjectName, change: { readonly body: object; readonly dryRun?: 'All' }) => {
    const request = { ...knativeApi, ...name, ...change, plural: 'services', fieldManager };
    const answer = objects.patchNamespacedCustomObject(request, options({ contentType: PatchStrategy.MergePatch }));
    return (await answer) as KnativeService;
  };
  return {
    readService: (name) => read<KnativeService>(name, 'services'),
    listServices: async () => {
      const request = { ...knativeApi, resourcePlural: 'services' };
      const list = await objects.listCustomObjectForAllNamespaces(request, options());
      return (list as { readonly items: readonly KnativeService[] }).items;
    },
    readRevision: (name) => read<Revision>(name, 'revisions'),
    listRevisions: async ({ namespace, name }) => {
      const labelSelector = `${serviceLabel}=${name}`;
      const request = { ...knativeApi, namespace, plural: 'revisions', labelSelector };
      const list = await objects.listNamespacedCustomObject(request, options());
      return (list as { readonly items: readonly Revision[] }).items;
    },
    annotateRevision: (name, annotations) => {
      const request = {
        ...knativeApi,
        ...name,
        plural: 'revisions',
        body: { metadata: { annotations } },
        fieldManager,
      };
      return objects.patchNamespacedCustomObject(request, options({ contentType: PatchStrategy.MergePatch }));
    },
    patchService: (name, { resourceVersion, annotations, traffic }) =>
      merge(name, { body: { metadata: { resourceVersion, annotations }, spec: { traffic } } }),
    rehearsePatch: (name, body) => merge(name, { body, dryRun: 'All' }),
  };
}
