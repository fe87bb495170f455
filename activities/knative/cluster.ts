import {
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  PatchStrategy,
} from '@kubernetes/client-node';
import type { KubeConfig, V1Lease, V1Secret } from '@kubernetes/client-node';
import { formatObjectName } from '../../core/experiment.ts';
import type { ObjectName } from '../../core/experiment.ts';
import type { TrafficEntry } from '../../core/target.ts';
import { isNotFound, throwKubernetesFailure } from './kubernetes-failure.ts';
import type { KnativeService, Revision } from './objects.ts';
import { createRequestOptions } from './request-options.ts';

/** A guarded change of a Knative Service: refused as a conflict when the service is no longer at `resourceVersion`. */
export interface ServicePatch {
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly traffic: readonly TrafficEntry[];
}

/** A right, as `kubectl auth can-i` asks for it. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
}

/**
 * The calls to the Kubernetes API that serin makes. Reading something that does not exist answers `undefined`; every other
 * failure has a type of `core/failures.ts`. Calls end with the activity that makes them.
 */
export interface Cluster {
  readonly readService: (name: ObjectName) => Promise<KnativeService | undefined>;
  readonly patchService: (name: ObjectName, patch: ServicePatch) => Promise<KnativeService>;
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
  readonly isAllowed: (access: Access) => Promise<boolean>;
}

/** The name under which serin owns the fields that it writes. */
export const fieldManager = 'serin';

const knative = { group: 'serving.knative.dev', version: 'v1' } as const;
const services = `services.${knative.group}`;
const revisions = `revisions.${knative.group}`;
const leases = 'leases.coordination.k8s.io';

/** Connects to the API server of the kubeconfig's current context. */
export function connectCluster(kubeConfig: KubeConfig): Cluster {
  const customObjects = kubeConfig.makeApiClient(CustomObjectsApi);
  const coordination = kubeConfig.makeApiClient(CoordinationV1Api);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const authorization = kubeConfig.makeApiClient(AuthorizationV1Api);
  const options = createRequestOptions();
  const knativeObject = (plural: string, name: ObjectName) => ({ ...knative, ...name, plural });

  return {
    // The API server has checked these objects against their schema.
    readService: (name) =>
      read(
        services,
        name,
        customObjects.getNamespacedCustomObject(knativeObject('services', name), options()),
      ) as Promise<KnativeService | undefined>,
    readRevision: (name) =>
      read(
        revisions,
        name,
        customObjects.getNamespacedCustomObject(knativeObject('revisions', name), options()),
      ) as Promise<Revision | undefined>,
    patchService: (name, patch) => {
      const request = { ...knativeObject('services', name), fieldManager, body: bodyOf(patch) };
      const contentType = PatchStrategy.MergePatch;
      const answer = customObjects.patchNamespacedCustomObject(request, options({ contentType }));
      return call('patch', services, name, answer) as Promise<KnativeService>;
    },

    readLease: (name) => read(leases, name, coordination.readNamespacedLease({ ...name }, options())),
    createLease: ({ namespace, name }, body) =>
      call(
        'create',
        leases,
        { namespace, name },
        coordination.createNamespacedLease({ namespace, body, fieldManager }, options()),
      ),
    replaceLease: (name, body) =>
      call('update', leases, name, coordination.replaceNamespacedLease({ ...name, body, fieldManager }, options())),
    deleteLease: async (name, lease) => {
      const preconditions = preconditionsOf(lease);
      await call(
        'delete',
        leases,
        name,
        coordination.deleteNamespacedLease({ ...name, body: { preconditions } }, options()),
      );
    },

    readSecret: (name) => read('secrets', name, core.readNamespacedSecret({ ...name }, options())),
    replaceSecret: async (name, body) => {
      await call('update', 'secrets', name, core.replaceNamespacedSecret({ ...name, body, fieldManager }, options()));
    },

    isAllowed: async ({ verb, group, resource, namespace }) => {
      const body = { spec: { resourceAttributes: { verb, group, resource, namespace } } };
      const review = authorization.createSelfSubjectAccessReview({ body }, options());
      const { status } = await call('create', 'selfsubjectaccessreviews', { namespace, name: resource }, review);
      return status?.allowed === true;
    },
  };
}

function bodyOf({ resourceVersion, annotations, traffic }: ServicePatch): object {
  return { metadata: { resourceVersion, annotations }, spec: { traffic } };
}

function preconditionsOf({ metadata }: V1Lease): { uid?: string; resourceVersion?: string } {
  const { uid, resourceVersion } = metadata ?? {};
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

async function call<T>(verb: string, resource: string, name: ObjectName, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) =>
    throwKubernetesFailure(error, { verb, resource, object: formatObjectName(name) }),
  );
}

async function read<T>(resource: string, name: ObjectName, answer: Promise<T>): Promise<T | undefined> {
  const present = answer.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  return call('get', resource, name, present);
}
