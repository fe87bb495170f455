import { defined } from '../../core/text/defined.ts';
import type { DoctorCluster } from './cluster.ts';
import { failFinding, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';

interface Rule {
  readonly groups: readonly string[];
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** The rights that the worker needs for every target: the ClusterRole `serin-worker` of deploy/rbac.yaml. */
export const workerRules: readonly Rule[] = [
  { groups: ['serving.knative.dev'], resource: 'services', verbs: ['get', 'patch', 'create'] },
  { groups: ['serving.knative.dev'], resource: 'revisions', verbs: ['get'] },
  { groups: ['coordination.k8s.io'], resource: 'leases', verbs: ['get', 'create', 'update', 'delete'] },
  { groups: ['iter8.tools', 'serin.dev'], resource: 'metrics', verbs: ['get'] },
  { groups: ['iter8.tools', 'serin.dev'], resource: 'experiments', verbs: ['get'] },
  { groups: ['authorization.k8s.io'], resource: 'selfsubjectaccessreviews', verbs: ['create'] },
];

/** The rights that helm needs in the namespace of a release: the ClusterRole `serin-secret-reader-writer`. */
export const secretRules: readonly Rule[] = [
  { groups: [''], resource: 'secrets', verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'] },
];

export interface Subject {
  /** The user whose rights are checked; the caller if absent. */
  readonly user?: string;
}

/** Checks whether the subject may do what the worker does; an empty namespace stands for all of them. */
export async function checkWorkerRights(
  cluster: DoctorCluster,
  { user, namespace }: Subject & { readonly namespace: string },
): Promise<Finding> {
  const denied = await deniedIn(cluster, workerRules, { namespace, ...defined({ user }) });
  const where = namespace === '' ? 'in all namespaces' : `in namespace ${namespace}`;
  if (denied.length === 0) return okFinding(`${userTitle(user)} may do ${where} what the worker does`);
  return failFinding(`${userTitle(user)} may not ${denied.join('; ')} ${where}`, 'kubectl apply -f deploy/rbac.yaml');
}

/** Checks whether helm, as the subject, may keep the records of releases in the namespace. */
export async function checkSecretRights(
  cluster: DoctorCluster,
  { user, namespace }: Subject & { readonly namespace: string },
): Promise<Finding> {
  const denied = await deniedIn(cluster, secretRules, { namespace, ...defined({ user }) });
  if (denied.length === 0) return okFinding(`${userTitle(user)} may keep helm's releases in namespace ${namespace}`);
  return warnFinding(
    `${userTitle(user)} may not ${denied.join('; ')} in namespace ${namespace}: a finish action of helm would be refused`,
    `bind the ClusterRole serin-secret-reader-writer there, as samples/canary-progressive/helm-secret.yaml does`,
  );
}

function userTitle(user: string | undefined): string {
  return user ?? 'this kubeconfig';
}

async function deniedIn(
  cluster: DoctorCluster,
  rules: readonly Rule[],
  { user, namespace }: Subject & { readonly namespace: string },
): Promise<readonly string[]> {
  const asked = rules.flatMap(({ groups, resource, verbs }) =>
    groups.flatMap((group) => verbs.map((verb) => ({ group, resource, verb, namespace }))),
  );
  const answers = await Promise.all(asked.map((access) => cluster.isAllowed(access, user)));
  const denied = asked.filter((_, index) => answers[index] === false);
  const byResource = Map.groupBy(denied, ({ group, resource }) => (group === '' ? resource : `${resource}.${group}`));
  return [...byResource].map(([resource, accesses]) => `${accesses.map(({ verb }) => verb).join(', ')} ${resource}`);
}
