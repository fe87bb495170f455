import { CoordinationV1Api, CoreV1Api, CustomObjectsApi } from '@kubernetes/client-node';
import type { KubeConfig, V1ConfigMap, V1Lease, V1Secret } from '@kubernetes/client-node';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { AccessRight } from '../../kubernetes/access-right.ts';
import { isRefusal } from '../../kubernetes/api-answer.ts';
import { connectKnative, fieldManager, knativeApi } from '../../kubernetes/knative/api.ts';
import type { ServicePatch } from '../../kubernetes/knative/api.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { leasePreconditions } from '../../kubernetes/lease.ts';
import type { RequestOptions } from '../../kubernetes/request-options.ts';
import { createCaller } from './caller.ts';
import type { KubernetesCaller } from './caller.ts';
import { createObjectReader } from './object-reader.ts';
import type { ObjectReference } from './object-reader.ts';
import { activityRequestOptions } from './request-options.ts';
import { createRightsCheck } from './rights-check.ts';

/** The API resource of a kind. */
export interface Resource {
  readonly group: string;
  readonly resource: string;
  readonly isNamespaced: boolean;
}

/** An API version that has a kind Metric. */
export interface MetricResourceVersion {
  readonly group: 'iter8.tools' | 'serin.dev';
  readonly version: string;
}

/**
 * The calls to the Kubernetes API that activities make. Reading something that does not exist answers `undefined`; every other
 * failure has a type of `core/failures.ts`. Calls end with the activity that makes them.
 */
export interface ActivityCluster extends KnativeCalls, LeaseCalls, SecretCalls, ConfigMapCalls, ObjectCalls {
  readonly isAllowed: (access: AccessRight) => Promise<boolean>;
  /** Whether the API server reports that it is ready (`/readyz`). */
  readonly isReady: () => Promise<boolean>;
}

interface KnativeCalls {
  readonly readService: (name: ObjectName) => Promise<KnativeService | undefined>;
  readonly readRevision: (name: ObjectName) => Promise<Revision | undefined>;
  /** Sets annotations of a revision; null removes one. */
  readonly annotateRevision: (name: ObjectName, annotations: Readonly<Record<string, string | null>>) => Promise<void>;
  readonly patchService: (name: ObjectName, patch: ServicePatch) => Promise<KnativeService>;
  /** What the service would be after the merge patch, defaults and webhooks included; nothing is changed. */
  readonly rehearsePatch: (name: ObjectName, patch: object) => Promise<KnativeService>;
}

interface LeaseCalls {
  readonly readLease: (name: ObjectName) => Promise<V1Lease | undefined>;
  readonly createLease: (name: ObjectName, lease: V1Lease) => Promise<V1Lease>;
  /** Guarded by the lease's own resourceVersion. */
  readonly replaceLease: (name: ObjectName, lease: V1Lease) => Promise<V1Lease>;
  /** Deletes the Lease only if it is still the one that was read. */
  readonly deleteLease: (name: ObjectName, lease: V1Lease) => Promise<void>;
}

interface SecretCalls {
  readonly readSecret: (name: ObjectName) => Promise<V1Secret | undefined>;
  /** Guarded by the secret's own resourceVersion. */
  readonly replaceSecret: (name: ObjectName, secret: V1Secret) => Promise<void>;
}

interface ConfigMapCalls {
  readonly readConfigMap: (name: ObjectName) => Promise<V1ConfigMap | undefined>;
}

interface ObjectCalls {
  /** The API resource of a kind; undefined when the API server serves no such kind. */
  readonly findResource: (kind: {
    readonly apiVersion: string;
    readonly kind: string;
  }) => Promise<Resource | undefined>;
  /** The object as the API server answers it; undefined also where that kind is not installed. */
  readonly readMetricResource: (version: MetricResourceVersion, name: ObjectName) => Promise<unknown>;
  /** Any object, its kind as kubectl takes it; fails as `NotReady` while the API server knows no such kind. */
  readonly readObject: (reference: ObjectReference) => Promise<object | undefined>;
}

/**
 * Connects to the API server of the kubeconfig's current context, as its user.
 *
 * @param options connections that are shared by several users
 */
export function connectCluster(kubeConfig: KubeConfig, options = activityRequestOptions()): ActivityCluster {
  const caller = createCaller(kubeConfig);
  const connection = { kubeConfig, options, caller };
  return {
    ...knativeCalls(connection),
    ...leaseCalls(connection),
    ...secretCalls(connection),
    ...configMapCalls(connection),
    ...objectCalls(connection),
    isAllowed: createRightsCheck(connection),
    isReady: caller.isReady,
  };
}

interface ClusterConnection {
  readonly kubeConfig: KubeConfig;
  readonly options: RequestOptions;
  readonly caller: KubernetesCaller;
}

function knativeCalls({ kubeConfig, options, caller: { call, read } }: ClusterConnection): KnativeCalls {
  const knative = connectKnative(kubeConfig, options);
  const services = `services.${knativeApi.group}`;
  const revisions = `revisions.${knativeApi.group}`;
  return {
    readService: (name) => read(() => knative.readService(name), { resource: services, name }),
    readRevision: (name) => read(() => knative.readRevision(name), { resource: revisions, name }),
    annotateRevision: async (name, annotations) => {
      await call(() => knative.annotateRevision(name, annotations), { verb: 'patch', resource: revisions, name });
    },
    patchService: (name, patch) =>
      call(() => knative.patchService(name, patch), { verb: 'patch', resource: services, name }),
    rehearsePatch: (name, body) =>
      call(() => knative.rehearsePatch(name, body), { verb: 'patch', resource: services, name }),
  };
}

function leaseCalls({ kubeConfig, options, caller: { call, read } }: ClusterConnection): LeaseCalls {
  const leases = kubeConfig.makeApiClient(CoordinationV1Api);
  const resource = 'leases.coordination.k8s.io';
  return {
    readLease: (name) => read(() => leases.readNamespacedLease({ ...name }, options()), { resource, name }),
    createLease: (name, body) => {
      const request = { namespace: name.namespace, body, fieldManager };
      return call(() => leases.createNamespacedLease(request, options()), { verb: 'create', resource, name });
    },
    replaceLease: (name, body) => {
      const request = { ...name, body, fieldManager };
      return call(() => leases.replaceNamespacedLease(request, options()), { verb: 'update', resource, name });
    },
    deleteLease: async (name, lease) => {
      const request = { ...name, body: { preconditions: leasePreconditions(lease) } };
      await call(() => leases.deleteNamespacedLease(request, options()), { verb: 'delete', resource, name });
    },
  };
}

function secretCalls({ kubeConfig, options, caller: { call, read } }: ClusterConnection): SecretCalls {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const resource = 'secrets';
  return {
    readSecret: (name) => read(() => core.readNamespacedSecret({ ...name }, options()), { resource, name }),
    replaceSecret: async (name, body) => {
      const request = { ...name, body, fieldManager };
      await call(() => core.replaceNamespacedSecret(request, options()), { verb: 'update', resource, name });
    },
  };
}

function configMapCalls({ kubeConfig, options, caller: { read } }: ClusterConnection): ConfigMapCalls {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const resource = 'configmaps';
  return {
    readConfigMap: (name) => read(() => core.readNamespacedConfigMap({ ...name }, options()), { resource, name }),
  };
}

function objectCalls({ kubeConfig, options, caller: { read, isReady } }: ClusterConnection): ObjectCalls {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const customObjects = kubeConfig.makeApiClient(CustomObjectsApi);
  const readAny = createObjectReader(kubeConfig, options);
  return {
    findResource: async ({ apiVersion, kind }) => {
      const [version = '', group = ''] = apiVersion.split('/').toReversed();
      const list = () =>
        group === '' ? core.getAPIResources(options()) : customObjects.getAPIResources({ group, version }, options());
      const found = await read(list, { resource: 'API resources', name: { namespace: apiVersion, name: kind } });
      const named = found?.resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
      return named === undefined ? undefined : { group, resource: named.name, isNamespaced: named.namespaced };
    },
    readMetricResource: (version, name) => {
      const request = { ...version, ...name, plural: 'metrics' };
      const answer = () =>
        customObjects.getNamespacedCustomObject(request, options()).catch(async (error: unknown) => {
          if (!isRefusal(error, 'unserved') || !(await isReady())) throw error;
        });
      return read<unknown>(answer, { resource: `metrics.${version.group}`, name });
    },
    readObject: ({ kind, ...name }) => read(() => readAny({ kind, ...name }), { resource: kind, name }),
  };
}
