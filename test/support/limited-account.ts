import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { connectCluster } from '../../activities/knative/cluster.ts';
import type { ActivityCluster } from '../../activities/knative/cluster.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { asActivity } from './activity.ts';
import type { Right } from './roles.ts';
import { until } from './until.ts';

/** A service account that has the rights that a test has given to it, in its own namespace, or in the cluster what is in no namespace. */
export interface LimitedAccount {
  readonly config: KubeConfig;
  /** The path of a file with the same. */
  readonly kubeconfig: string;
  /** The cluster as this account sees it. */
  readonly cluster: ActivityCluster;
}

interface AccountRequest {
  readonly name: string;
  readonly namespace: string;
  readonly rights: readonly Right[];
}

/** Part of every role, so that a role is known to be in force where this right is. */
const marker = { verb: 'get', group: 'tests.serin.dev', resource: 'markers' };

const clusterMarker = { verb: 'get', group: 'tests.serin.dev', resource: 'clustermarkers', namespace: '' };

/** Resources that are in no namespace. */
const clusterResources: readonly string[] = ['tokenreviews', 'subjectaccessreviews'];

/** Makes an account with these rights and no others; returns when they are in force. */
export async function createAccount(
  sandbox: Sandbox,
  { name, namespace, rights }: AccountRequest,
): Promise<LimitedAccount> {
  const metadata = { name, namespace };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata };
  const isOfCluster = ({ resource }: Right): boolean => clusterResources.includes(resource);
  const [own, wide] = [rights.filter((right) => !isOfCluster(right)), rights.filter(isOfCluster)];
  const subjects = [{ kind: 'ServiceAccount', ...metadata }];
  const clusterName = { name: `${namespace}-${name}` };
  const clusterRoleRef = { ...roleRef, kind: 'ClusterRole', ...clusterName };
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { ...rbac, kind: 'Role', rules: [...own, marker].map(asRule) },
    { ...rbac, kind: 'RoleBinding', roleRef, subjects },
    { ...rbac, metadata: clusterName, kind: 'ClusterRole', rules: [...wide, clusterMarker].map(asRule) },
    { ...rbac, metadata: clusterName, kind: 'ClusterRoleBinding', roleRef: clusterRoleRef, subjects },
  ];
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const account = await connectAccount(sandbox, metadata);
  for (const right of [{ ...marker, namespace }, clusterMarker]) {
    await until(`the rights of ${name}`, () => asActivity(() => account.cluster.isAllowed(right)));
  }
  return account;
}

function asRule({ verb, group, resource, name }: Right): object {
  const resourceNames = name === undefined ? {} : { resourceNames: [name] };
  return { apiGroups: [group], resources: [resource], verbs: [verb], ...resourceNames };
}

async function connectAccount(
  { kubectl, kubeconfig: admin, stateDirectory }: Sandbox,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<LimitedAccount> {
  const token = (await kubectl('create', 'token', name, '--namespace', namespace)).trim();
  const config = new KubeConfig();
  config.loadFromFile(admin);
  config.loadFromOptions({
    clusters: config.getClusters(),
    contexts: config.getContexts(),
    currentContext: config.getCurrentContext(),
    users: config.getUsers().map((user) => ({ name: user.name, token })),
  });
  const kubeconfig = join(stateDirectory, `${namespace}-${name}.kubeconfig`);
  await writeFile(kubeconfig, config.exportConfig(), { mode: 0o600 });
  return { config, kubeconfig, cluster: connectCluster(config) };
}
