import {
  ApiextensionsV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  VersionApi,
} from '@kubernetes/client-node';
import type { V1Lease } from '@kubernetes/client-node';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { AccessRight } from '../../kubernetes/access-right.ts';
import { experimentKinds } from '../../operator/experiment-object.ts';
import { call } from '../../kubernetes/call.ts';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { connectKnative, knativeApi } from '../../kubernetes/knative/api.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { createRequestOptions } from '../../kubernetes/request-options.ts';

/** The cluster as `serin doctor` reads it, without changing it. A failed call rejects with what could not be done. */
export interface DoctorCluster {
  readonly url: string;
  /** The version of Kubernetes. */
  readonly version: () => Promise<string>;
  /**
   * The version of Knative Serving; `unknown` where it is installed without a version label, undefined where it is not
   * installed.
   */
  readonly knativeVersion: () => Promise<string | undefined>;
  /** The groups in which the cluster has a kind Experiment. */
  readonly experimentGroups: () => Promise<readonly string[]>;
  /** Whether the caller, or `user`, has the right. */
  readonly isAllowed: (access: AccessRight, user?: string) => Promise<boolean>;
  /** The Knative Service of one target, or all. */
  readonly services: (target?: ObjectName) => Promise<readonly KnativeService[]>;
  /** The keys of a Secret, decoded. */
  readonly secret: (name: ObjectName) => Promise<Readonly<Record<string, string>>>;
  /** The data of a ConfigMap. */
  readonly configMap: (name: ObjectName) => Promise<Readonly<Record<string, string>>>;
  /** The Leases that serin manages, in one namespace or all. */
  readonly leases: (namespace?: string) => Promise<readonly V1Lease[]>;
}

/** Listing all Knative Services of a large cluster takes a while. */
const requestLimitMs = 60_000;

const managedBySerin = 'app.kubernetes.io/managed-by=serin';

/** Connects as kubectl does. Fails with `usage` when the kubeconfig cannot be used. */
export function connectDoctorCluster(flags: KubernetesFlags): DoctorCluster {
  const config = loadKubeConfig(flags);
  const knative = connectKnative(config, createRequestOptions(requestLimitMs));
  const objects = config.makeApiClient(CustomObjectsApi);
  const authorization = config.makeApiClient(AuthorizationV1Api);
  const coordination = config.makeApiClient(CoordinationV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const extensions = config.makeApiClient(ApiextensionsV1Api);
  return {
    url: config.getCurrentCluster()?.server ?? 'unknown',
    version: async () => {
      const { gitVersion } = await call('read the version', config.makeApiClient(VersionApi).getCode());
      return gitVersion;
    },
    knativeVersion: async () => {
      if (!(await isServed(objects, knativeApi))) return undefined;
      const kind = extensions.readCustomResourceDefinition({ name: `services.${knativeApi.group}` });
      const labels = await kind.then(
        ({ metadata }) => metadata?.labels,
        () => undefined,
      );
      return labels?.['app.kubernetes.io/version'] ?? 'unknown';
    },
    experimentGroups: async () => {
      const kinds = await Promise.all(experimentKinds.map((kind) => isServed(objects, kind)));
      return experimentKinds.filter((_, index) => kinds[index]).map(({ group }) => group);
    },
    isAllowed: async (resourceAttributes, user) => {
      const { status } =
        user === undefined
          ? await call('ask for rights', selfReview(authorization, resourceAttributes))
          : await call(`ask for the rights of ${user}`, review(authorization, resourceAttributes, user));
      return status?.allowed === true;
    },
    services: async (target) => {
      if (target === undefined) return call('list Knative Services', knative.listServices());
      return [await call(`read Knative Service ${formatObjectName(target)}`, knative.readService(target))];
    },
    configMap: async ({ namespace, name }) => {
      const request = core.readNamespacedConfigMap({ namespace, name });
      return (await call(`read ConfigMap ${namespace}/${name}`, request)).data ?? {};
    },
    secret: async ({ namespace, name }) => {
      const secret = await call(`read Secret ${namespace}/${name}`, core.readNamespacedSecret({ namespace, name }));
      const texts = Object.entries(secret.data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, 'base64').toString(),
      ]);
      return Object.fromEntries(texts);
    },
    leases: async (namespace) => {
      const labelSelector = managedBySerin;
      const { items } =
        namespace === undefined
          ? await call('list Leases', coordination.listLeaseForAllNamespaces({ labelSelector }))
          : await call(`list Leases in ${namespace}`, coordination.listNamespacedLease({ namespace, labelSelector }));
      return items;
    },
  };
}

function isServed(objects: CustomObjectsApi, version: { group: string; version: string }): Promise<boolean> {
  return objects.getAPIResources(version).then(
    () => true,
    () => false,
  );
}

function selfReview(authorization: AuthorizationV1Api, resourceAttributes: AccessRight) {
  return authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
}

function review(authorization: AuthorizationV1Api, resourceAttributes: AccessRight, user: string) {
  const spec = { user, groups: userGroups(user), resourceAttributes };
  return authorization.createSubjectAccessReview({ body: { spec } });
}

/**
 * The groups that Kubernetes adds to a user or service account
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/).
 */
function userGroups(user: string): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? [];
  const all = 'system:authenticated';
  return namespace === undefined ? [all] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, all];
}
