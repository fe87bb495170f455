import {
  ApiextensionsV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CustomObjectsApi,
  VersionApi,
} from '@kubernetes/client-node';
import type { V1Lease } from '@kubernetes/client-node';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { call } from '../../kubernetes/call.ts';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import type { TargetService as RestoredService } from '../../kubernetes/restore-cluster.ts';

/** A Knative Service with its name. */
export interface DoctorService extends Omit<RestoredService, 'metadata'> {
  readonly metadata: RestoredService['metadata'] & ObjectName;
}

/** A right, as `kubectl auth can-i` asks for it; an empty namespace means all of them. */
export interface AccessQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
}

/** What `serin doctor` asks of a cluster; it changes nothing. Failures say what could not be done. */
export interface DoctorCluster {
  readonly url: string;
  /** Of Kubernetes. */
  readonly version: () => Promise<string>;
  /** Of Knative Serving; `unknown` where it is there and does not say; undefined where it is not. */
  readonly knativeVersion: () => Promise<string | undefined>;
  /** Of the caller, or of `user`. */
  readonly isAllowed: (access: AccessQuestion, user?: string) => Promise<boolean>;
  /** Of one target, or all. */
  readonly services: (target?: ObjectName) => Promise<readonly DoctorService[]>;
  /** Those of serin, in one namespace or all. */
  readonly leases: (namespace?: string) => Promise<readonly V1Lease[]>;
}

const knative = { group: 'serving.knative.dev', version: 'v1' } as const;
const managedBySerin = 'app.kubernetes.io/managed-by=serin';

/** Connects as kubectl does. Fails with `usage` when the kubeconfig cannot be used. */
export function connectDoctorCluster(flags: KubernetesFlags): DoctorCluster {
  const config = loadKubeConfig(flags);
  const objects = config.makeApiClient(CustomObjectsApi);
  const authorization = config.makeApiClient(AuthorizationV1Api);
  const coordination = config.makeApiClient(CoordinationV1Api);
  const extensions = config.makeApiClient(ApiextensionsV1Api);
  return {
    url: config.getCurrentCluster()?.server ?? 'unknown',
    version: async () => {
      const { gitVersion } = await call('read the version', config.makeApiClient(VersionApi).getCode());
      return gitVersion;
    },
    knativeVersion: async () => {
      const isServed = await objects.getAPIResources(knative).then(
        () => true,
        () => false,
      );
      if (!isServed) return undefined;
      const kind = extensions.readCustomResourceDefinition({ name: `services.${knative.group}` });
      const labels = await kind.then(
        ({ metadata }) => metadata?.labels,
        () => undefined,
      );
      return labels?.['app.kubernetes.io/version'] ?? 'unknown';
    },
    isAllowed: async (resourceAttributes, user) => {
      const { status } =
        user === undefined
          ? await call('ask for rights', selfReview(authorization, resourceAttributes))
          : await call(`ask for the rights of ${user}`, review(authorization, resourceAttributes, user));
      return status?.allowed === true;
    },
    services: async (target) => {
      // The API server has checked these objects against their schema.
      if (target !== undefined) {
        const answer = objects.getNamespacedCustomObject({ ...knative, ...target, plural: 'services' });
        const what = `read Knative Service ${target.namespace}/${target.name}`;
        return [(await call(what, answer)) as DoctorService];
      }
      const answer = objects.listCustomObjectForAllNamespaces({ ...knative, resourcePlural: 'services' });
      const list = (await call('list Knative Services', answer)) as { readonly items: readonly DoctorService[] };
      return list.items;
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

function selfReview(authorization: AuthorizationV1Api, resourceAttributes: AccessQuestion) {
  return authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
}

function review(authorization: AuthorizationV1Api, resourceAttributes: AccessQuestion, user: string) {
  const spec = { user, groups: userGroups(user), resourceAttributes };
  return authorization.createSubjectAccessReview({ body: { spec } });
}

/** A service account is in these groups by itself (https://kubernetes.io/docs/reference/access-authn-authz/authentication/). */
function userGroups(user: string): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? [];
  const all = 'system:authenticated';
  return namespace === undefined ? [all] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, all];
}
