import {
  ApiException,
  CoordinationV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { V1Lease } from '@kubernetes/client-node';
import { type ObjectName, formatObjectName } from '../../core/experiment.ts';
import { type TrafficEntry, leaseName } from '../../core/target.ts';
import { CommandError } from '../errors.ts';

/** The parts of a Knative Service that a restore reads; the API server has checked them against their schema. */
export interface KnativeService {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly traffic?: readonly TrafficEntry[] };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly latestReadyRevisionName?: string;
    readonly traffic?: readonly TrafficEntry[];
  };
}

interface ServicePatch {
  /** The version that was read: a change in between is a conflict, and nothing is written. */
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly traffic: readonly TrafficEntry[];
}

/** What `serin restore` needs of a cluster. Failures are `CommandError`s that name the object. */
export interface RestoreCluster {
  readonly readService: (target: ObjectName) => Promise<KnativeService>;
  /** The target's revisions, and whether Knative sends requests to them: whether they are ready. */
  readonly revisionsOf: (target: ObjectName) => Promise<ReadonlyMap<string, boolean>>;
  /** False when the service is no longer the one that was read: nothing was written. */
  readonly patchService: (target: ObjectName, patch: ServicePatch) => Promise<boolean>;
  /** The target's Lease; undefined when there is none. */
  readonly readLease: (target: ObjectName) => Promise<V1Lease | undefined>;
  /** Makes `holderIdentity` the Lease's holder, only if it is still the one that was read. */
  readonly takeLease: (target: ObjectName, lease: V1Lease, holderIdentity: string) => Promise<V1Lease>;
  /** Deletes the Lease only if it is still the one that was read. */
  readonly deleteLease: (target: ObjectName, lease: V1Lease) => Promise<void>;
}

export interface KubernetesFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

const fieldManager = 'serin';
const knative = { group: 'serving.knative.dev', version: 'v1' } as const;
const serviceLabel = 'serving.knative.dev/service';

/** Connects as kubectl does. Fails with `usage` when the kubeconfig cannot be used. */
export function connectCluster(flags: KubernetesFlags): RestoreCluster {
  const config = loadKubeConfig(flags);
  const objects = config.makeApiClient(CustomObjectsApi);
  const leases = config.makeApiClient(CoordinationV1Api);
  return {
    readService: async (target) => {
      const answer = objects.getNamespacedCustomObject({ ...knative, ...target, plural: 'services' });
      return (await call(`read Knative Service ${formatObjectName(target)}`, answer)) as KnativeService;
    },
    revisionsOf: async ({ namespace, name }) => {
      const labelSelector = `${serviceLabel}=${name}`;
      const answer = objects.listNamespacedCustomObject({ ...knative, namespace, plural: 'revisions', labelSelector });
      const list = (await call(`list the revisions of ${namespace}/${name}`, answer)) as RevisionList;
      return new Map(list.items.map((revision) => [revision.metadata.name, isReady(revision)]));
    },
    patchService: async (target, { resourceVersion, annotations, traffic }) => {
      const body = { metadata: { resourceVersion, annotations }, spec: { traffic } };
      const request = { ...knative, ...target, plural: 'services', body, fieldManager };
      const options = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
      const answer = objects.patchNamespacedCustomObject(request, options).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ApiException && error.code === 409) return false;
          throw error;
        },
      );
      return call(`write the traffic of Knative Service ${formatObjectName(target)}`, answer);
    },
    readLease: async (target) => {
      const answer = leases.readNamespacedLease(leaseOf(target)).catch((error: unknown) => {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      });
      return call(`read Lease ${formatObjectName(leaseOf(target))}`, answer);
    },
    takeLease: async (target, lease, holderIdentity) => {
      const body = { ...lease, spec: { ...lease.spec, holderIdentity } };
      const answer = leases.replaceNamespacedLease({ ...leaseOf(target), body, fieldManager });
      return call(`take Lease ${formatObjectName(leaseOf(target))}`, answer);
    },
    deleteLease: async (target, { metadata }) => {
      const { uid, resourceVersion } = metadata ?? {};
      const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
      const answer = leases.deleteNamespacedLease({ ...leaseOf(target), body: { preconditions } });
      await call(`delete Lease ${formatObjectName(leaseOf(target))}`, answer);
    },
  };
}

interface Revision {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly status?: KnativeService['status'];
}

interface RevisionList {
  readonly items: readonly Revision[];
}

function isReady({ metadata, status }: Revision): boolean {
  const isTrue = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return isTrue === true && status?.observedGeneration === metadata.generation;
}

function leaseOf({ namespace, name }: ObjectName): ObjectName {
  return { namespace, name: leaseName(name) };
}

/** Reads the kubeconfig as kubectl does. Fails with `usage` when it cannot be used. */
export function loadKubeConfig({ kubeconfig, context }: KubernetesFlags): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new CommandError('usage', `the kubeconfig cannot be used: ${messageOf(error)}`, { cause: error });
  }
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new CommandError('usage', `the kubeconfig has no context ${context}; it has ${known.join(', ') || 'none'}`);
  }
  config.setCurrentContext(context);
  return config;
}

/** Waits for an answer; a failure says what could not be done. */
export async function call<T>(what: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw failureOf(what, error);
  });
}

function failureOf(what: string, error: unknown): CommandError {
  if (!(error instanceof ApiException)) {
    return new CommandError('unreachable', `cannot ${what}: Kubernetes does not answer: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const said = statusMessage(error.body) ?? `HTTP ${error.code}`;
  if (error.code === 404) return new CommandError('notFound', `cannot ${what}: ${said}`, { cause: error });
  if (error.code === 409) {
    return new CommandError(
      'refused',
      `cannot ${what}: somebody changed it meanwhile; run the command again (${said})`,
    );
  }
  return new CommandError('failed', `cannot ${what}: ${said}`, { cause: error });
}

/** The `message` of the API's Status object, which comes as text or parsed. */
function statusMessage(body: unknown): string | undefined {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status !== 'object' || status === null || !('message' in status)) return undefined;
    return typeof status.message === 'string' ? status.message : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
