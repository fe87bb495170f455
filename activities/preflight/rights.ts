import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { AccessRight } from '../../kubernetes/access-right.ts';
import type { ActivityCluster } from '../knative/cluster.ts';

const serving = 'serving.knative.dev';
const coordination = 'coordination.k8s.io';

/** The rights that serin itself needs in the target's namespace. */
const ownRights: readonly (Pick<AccessRight, 'group' | 'resource'> & { readonly verbs: readonly string[] })[] = [
  { group: serving, resource: 'services', verbs: ['get', 'patch'] },
  { group: serving, resource: 'revisions', verbs: ['get'] },
  { group: coordination, resource: 'leases', verbs: ['get', 'create', 'update', 'delete'] },
];

/** The rights on Secrets that helm needs for its records, and serin for their repair. */
const secretVerbs = ['get', 'list', 'create', 'update', 'delete'] as const;

/** The rights on the target that the worker lacks, as sentences. */
export async function missingOwnRights(
  cluster: ActivityCluster,
  { namespace }: ObjectName,
): Promise<readonly string[]> {
  const missing = await Promise.all(
    ownRights.map(async ({ verbs, ...resource }) => ({
      resource,
      verbs: await deniedVerbs(cluster, { ...resource, namespace }, verbs),
    })),
  );
  return missing
    .filter(({ verbs }) => verbs.length > 0)
    .map(({ resource: { group, resource }, verbs }) => {
      return `the worker may not ${verbs.join(', ')} ${resource}.${group} in namespace ${namespace}; see deploy/rbac.yaml`;
    });
}

/** Why helm cannot keep its records in the namespace; undefined when it can. */
export async function missingHelmRights(cluster: ActivityCluster, namespace: string): Promise<string | undefined> {
  const denied = await deniedVerbs(cluster, { group: '', resource: 'secrets', namespace }, secretVerbs);
  if (denied.length === 0) return undefined;
  const remedy = `apply the RoleBinding of the tutorial's step 3 (helm-secret.yaml) in namespace ${namespace}`;
  return `helm may not ${denied.join(', ')} secrets in namespace ${namespace}, where the release's records are; ${remedy}`;
}

async function deniedVerbs(
  cluster: ActivityCluster,
  resource: Omit<AccessRight, 'verb'>,
  verbs: readonly string[],
): Promise<readonly string[]> {
  const answers = await Promise.all(
    verbs.map(async (verb) => ((await cluster.isAllowed({ ...resource, verb })) ? [] : [verb])),
  );
  return answers.flat();
}
