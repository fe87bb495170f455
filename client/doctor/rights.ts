import { accountUser, userAccount } from '../../kubernetes/account.ts';
import type { AccessRight } from '../../kubernetes/access-right.ts';
import { bindCommand, formatRights, releaseRole, roleRights, targetRole } from '../../kubernetes/rights.ts';
import type { OwnersRole } from '../../kubernetes/rights.ts';
import type { DoctorCluster } from './cluster.ts';
import { failFinding, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';

/** As whom serin acts, and where; an empty namespace stands for all of them. */
export interface Subject {
  /** The caller if absent. */
  readonly user?: string;
  readonly namespace: string;
}

/** The account of deploy/rbac.yaml as which the worker reaches the cluster. */
const worker = accountUser({ namespace: 'serin-system', name: 'serin-worker' });

/** Checks whether the subject may do what an experiment does to its target. */
export async function checkTargetRights(cluster: DoctorCluster, subject: Subject): Promise<Finding> {
  const denied = await deniedIn(cluster, targetRole, subject);
  const where = subject.namespace === '' ? 'in all namespaces' : `in namespace ${subject.namespace}`;
  if (denied === undefined) return okFinding(`${userTitle(subject)} may do ${where} what an experiment does`);
  return failFinding(`${userTitle(subject)} may not ${denied} ${where}`, bindRemedy(targetRole, subject));
}

/** Checks whether helm, as the subject, may keep the records of releases in the namespace. */
export async function checkReleaseRights(cluster: DoctorCluster, subject: Subject): Promise<Finding> {
  const denied = await deniedIn(cluster, releaseRole, subject);
  const { namespace } = subject;
  if (denied === undefined)
    return okFinding(`${userTitle(subject)} may keep helm's releases in namespace ${namespace}`);
  return warnFinding(
    `${userTitle(subject)} may not ${denied} in namespace ${namespace}: a finish action of helm would be refused`,
    bindRemedy(releaseRole, subject),
  );
}

/** Checks whether the worker may act as the subject; undefined where the subject is not an account of serin's own name. */
export async function checkImpersonation(cluster: DoctorCluster, account: string): Promise<Finding | undefined> {
  const subject = userAccount(account);
  if (subject === undefined) return undefined;
  const { namespace, name } = subject;
  const right: AccessRight = { verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace, name };
  if (await cluster.isAllowed(right, worker)) return okFinding(`${worker} may act as ${account}`);
  return failFinding(`${worker} may not act as ${account}`, 'kubectl apply -f deploy/rbac.yaml');
}

function userTitle({ user }: Subject): string {
  return user ?? 'this kubeconfig';
}

function bindRemedy(role: OwnersRole, { user, namespace }: Subject): string {
  const subject = user === undefined ? undefined : userAccount(user);
  if (subject === undefined || namespace === '') return `bind the ClusterRole ${role.name} of deploy/rbac.yaml there`;
  return bindCommand(role, { namespace, subject });
}

/** The rights of the role that the subject lacks, as people read them; undefined where it has all. */
async function deniedIn(
  cluster: DoctorCluster,
  role: OwnersRole,
  { user, namespace }: Subject,
): Promise<string | undefined> {
  const asked = roleRights(role, namespace);
  const answers = await Promise.all(asked.map((right) => cluster.isAllowed(right, user)));
  const denied = asked.filter((_, index) => answers[index] === false);
  return denied.length === 0 ? undefined : formatRights(denied);
}
