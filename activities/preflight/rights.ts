import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { AccessRight } from '../../kubernetes/access-right.ts';
import { grantRemedy } from '../../kubernetes/rights.ts';
import type { ClusterAccess } from '../accounts.ts';
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

/** The rights on the target that serin lacks, as sentences. `user` is as whom it acts; undefined: as itself. */
export async function missingOwnRights(
  { cluster, user }: Pick<ClusterAccess, 'cluster' | 'user'>,
  { namespace }: ObjectName,
): Promise<readonly string[]> {
  const missing = await Promise.all(
    ownRights.map(async ({ verbs, group, resource }) => {
      const denied = await deniedVerbs(cluster, { group, resource, namespace }, verbs);
      const [verb] = denied;
      if (verb === undefined) return [];
      const title = `${resource}.${group}`;
      const remedy = grantRemedy(user, { verb, resource: title, namespace });
      return [`${user ?? 'the worker'} may not ${denied.join(', ')} ${title} in namespace ${namespace}; ${remedy}`];
    }),
  );
  return missing.flat();
}

/** Why helm cannot keep its records in the namespace; undefined when it can. */
export async function missingHelmRights(
  { cluster, user }: Pick<ClusterAccess, 'cluster' | 'user'>,
  namespace: string,
): Promise<string | undefined> {
  const denied = await deniedVerbs(cluster, { group: '', resource: 'secrets', namespace }, secretVerbs);
  const [verb] = denied;
  if (verb === undefined) return undefined;
  const remedy = grantRemedy(user, { verb, resource: 'secrets', namespace });
  const subject = user === undefined ? 'helm' : `helm, as ${user},`;
  return `${subject} may not ${denied.join(', ')} secrets in namespace ${namespace}, where the release's records are; ${remedy}`;
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
