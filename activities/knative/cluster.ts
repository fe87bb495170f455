import {
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Health,
  PatchStrategy,
} from '@kubernetes/client-node';
import type { KubeConfig, V1Lease, V1Secret } from '@kubernetes/client-node';
import { cancellationSignal } from '@temporalio/activity';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';
import { failure } from '../failures.ts';
import { isDenied, isNotFound, isUnserved, throwKubernetesFailure } from './kubernetes-failure.ts';
import { createObjectReader } from './object-reader.ts';
import type { ObjectReference } from './object-reader.ts';
import type { KnativeService, Revision } from './objects.ts';
import { activityRequestOptions, requestSignal } from './request-options.ts';

/** A guarded change of a Knative Service: refused as a conflict when the service is no longer at `resourceVersion`. */
export interface ServicePatch {
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly traffic: readonly TrafficEntry[];
}

/** A right, as `kubectl auth can-i` asks for it. */
export interface AccessRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
}

/** How the API server calls the objects of a kind. */
export interface Resource {
  readonly group: string;
  readonly resource: string;
  readonly isNamespaced: boolean;
}

/** A version of a kind of Metric. */
export interface MetricResourceVersion {
  readonly group: 'iter8.tools' | 'serin.dev';
  readonly version: string;
}

/**
 * The calls to the Kubernetes API that serin makes. Reading something that does not exist answers `undefined`; every other
 * failure has a type of `core/failures.ts`. Calls end with the activity that makes them.
 */
export interface ActivityCluster {
  readonly readService: (name: ObjectName) => Promise<KnativeService | undefined>;
  readonly patchService: (name: ObjectName, patch: ServicePatch) => Promise<KnativeService>;
  /** What the service would be after the merge patch, defaults and webhooks included; nothing is changed. */
  readonly rehearsePatch: (name: ObjectName, patch: object) => Promise<KnativeService>;
  readonly readRevision: (name: ObjectName) => Promise<Revision | undefined>;
  readonly readLease: (name: ObjectName) => Promise<V1Lease | undefined>;
  readonly createLease: (name: ObjectName, lease: V1Lease) => Promise<V1Lease>;
  /** Guarded by the lease's own resourceVersion. */
  readonly replaceLease: (name: ObjectName, lease: V1Lease) => Promise<V1Lease>;
  /** Deletes the Lease only if it is still the one that was read. */
  readonly deleteLease: (name: ObjectName, lease: V1Lease) => Promise<void>;
  readonly readSecret: (name: ObjectName) => Promise<V1Secret | undefined>;
  /** Guarded by the secret's own resourceVersion. */
  readonly replaceSecret: (name: ObjectName, secret: V1Secret) => Promise<void>;
  /** Undefined when the API server serves no such kind. */
  readonly findResource: (kind: {
    readonly apiVersion: string;
    readonly kind: string;
  }) => Promise<Resource | undefined>;
  /** The object as the API server answers it; undefined also where that kind is not installed. */
  readonly readMetricResource: (version: MetricResourceVersion, name: ObjectName) => Promise<unknown>;
  /** Any object, its kind as kubectl takes it; fails as `NotReady` while the API server knows no such kind. */
  readonly readObject: (reference: ObjectReference) => Promise<object | undefined>;
  readonly isAllowed: (access: AccessRight) => Promise<boolean>;
  /** Whether the API server says that it serves everything. */
  readonly isReady: () => Promise<boolean>;
}

/** The name under which serin owns the fields that it writes. */
export const fieldManager = 'serin';

const knative = { group: 'serving.knative.dev', version: 'v1' } as const;
const services = `services.${knative.group}`;
const revisions = `revisions.${knative.group}`;
const leases = 'leases.coordination.k8s.io';
const secrets = 'secrets';

/** Connects to the API server of the kubeconfig's current context. */
export function connectCluster(kubeConfig: KubeConfig): ActivityCluster {
  const customObjects = kubeConfig.makeApiClient(CustomObjectsApi);
  const coordination = kubeConfig.makeApiClient(CoordinationV1Api);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const authorization = kubeConfig.makeApiClient(AuthorizationV1Api);
  const options = activityRequestOptions();
  const readAny = createObjectReader(kubeConfig, options);
  const isReady = createReadinessCheck(kubeConfig);
  const call: Call = (request, target) => askTwice(request, isReady).catch(throwAs(target));
  const read: Read = (request, target) => call(() => request().catch(absent), { verb: 'get', ...target });

  return {
    readService: (name) => {
      const request = { ...knative, ...name, plural: 'services' };
      // The API server has checked these objects against their schema.
      const answer = async () => (await customObjects.getNamespacedCustomObject(request, options())) as KnativeService;
      return read(answer, { resource: services, name });
    },
    readRevision: (name) => {
      const request = { ...knative, ...name, plural: 'revisions' };
      const answer = async () => (await customObjects.getNamespacedCustomObject(request, options())) as Revision;
      return read(answer, { resource: revisions, name });
    },
    patchService: (name, patch) => {
      const request = { ...knative, ...name, plural: 'services', fieldManager, body: patchBody(patch) };
      const patchOptions = () => options({ contentType: PatchStrategy.MergePatch });
      const answer = async () =>
        (await customObjects.patchNamespacedCustomObject(request, patchOptions())) as KnativeService;
      return call(answer, { verb: 'patch', resource: services, name });
    },

    rehearsePatch: (name, body) => {
      const request = { ...knative, ...name, plural: 'services', fieldManager, body, dryRun: 'All' };
      const patchOptions = () => options({ contentType: PatchStrategy.MergePatch });
      const answer = async () =>
        (await customObjects.patchNamespacedCustomObject(request, patchOptions())) as KnativeService;
      return call(answer, { verb: 'patch', resource: services, name });
    },

    readLease: (name) =>
      read(() => coordination.readNamespacedLease({ ...name }, options()), { resource: leases, name }),
    createLease: (name, body) => {
      const request = { namespace: name.namespace, body, fieldManager };
      return call(() => coordination.createNamespacedLease(request, options()), {
        verb: 'create',
        resource: leases,
        name,
      });
    },
    replaceLease: (name, body) => {
      const request = { ...name, body, fieldManager };
      return call(() => coordination.replaceNamespacedLease(request, options()), {
        verb: 'update',
        resource: leases,
        name,
      });
    },
    deleteLease: async (name, lease) => {
      const request = { ...name, body: { preconditions: deletePreconditions(lease) } };
      await call(() => coordination.deleteNamespacedLease(request, options()), {
        verb: 'delete',
        resource: leases,
        name,
      });
    },

    readSecret: (name) => read(() => core.readNamespacedSecret({ ...name }, options()), { resource: secrets, name }),
    replaceSecret: async (name, body) => {
      const request = { ...name, body, fieldManager };
      await call(() => core.replaceNamespacedSecret(request, options()), { verb: 'update', resource: secrets, name });
    },

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
          if (!isUnserved(error) || !(await isReady())) throw error;
        });
      return read<unknown>(answer, { resource: `metrics.${version.group}`, name });
    },
    readObject: ({ kind, ...name }) => read(() => readAny({ kind, ...name }), { resource: kind, name }),
    isAllowed: async ({ verb, group, resource, namespace }) => {
      const body = { spec: { resourceAttributes: { verb, group, resource, namespace } } };
      const answer = () => authorization.createSelfSubjectAccessReview({ body }, options());
      const name = { namespace, name: resource };
      const { status } = await call(answer, { verb: 'create', resource: 'selfsubjectaccessreviews', name });
      return status?.allowed === true;
    },
    isReady,
  };
}

interface Target {
  readonly resource: string;
  readonly name: ObjectName;
}

type Call = <T>(request: () => Promise<T>, target: Target & { readonly verb: string }) => Promise<T>;
type Read = <T>(request: () => Promise<T>, target: Target) => Promise<T | undefined>;

/**
 * An API server that has just started denies everything until it knows its roles. So a denial is believed only when the
 * server, once it says that it is ready, repeats it.
 */
async function askTwice<T>(request: () => Promise<T>, isReady: () => Promise<boolean>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!isDenied(error)) throw error;
    if (!(await isReady())) throw notReadyYet();
    return request();
  }
}

function notReadyYet(): Error {
  return failure('KubernetesUnavailable', { message: 'the API server is not ready yet and denies everything' });
}

function createReadinessCheck(kubeConfig: KubeConfig): () => Promise<boolean> {
  const health = new Health(kubeConfig);
  return () => health.readyz({ signal: requestSignal() }).catch(() => false);
}

function throwAs({ verb, resource, name }: Target & { readonly verb: string }): (error: unknown) => never {
  return (error) => {
    // However the client has wrapped it.
    cancellationSignal().throwIfAborted();
    throwKubernetesFailure(error, { verb, resource, object: formatObjectName(name) });
  };
}

function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

function patchBody({ resourceVersion, annotations, traffic }: ServicePatch): object {
  return { metadata: { resourceVersion, annotations }, spec: { traffic } };
}

function deletePreconditions({ metadata }: V1Lease): { uid?: string; resourceVersion?: string } {
  const { uid, resourceVersion } = metadata ?? {};
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}
