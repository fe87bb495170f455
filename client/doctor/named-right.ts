import type { AccessRight } from '../../kubernetes/access-right.ts';
import { userAccount } from '../../kubernetes/account.ts';
import { bindCommand, targetRole } from '../../kubernetes/rights.ts';
import type { DoctorCluster } from './cluster.ts';
import { failFinding } from './finding.ts';
import type { Finding } from './finding.ts';

/** A right on one object that the role `serin-target` gives, and what follows where it is missing. */
export interface NamedRight {
  readonly right: AccessRight & { readonly namespace: string; readonly name: string };
  /** As a predicate of who lacks it. */
  readonly without: string;
  /** Default: the caller. */
  readonly user?: string;
}

/** A finding where the right is missing. */
export async function checkNamedRight(
  cluster: DoctorCluster,
  { right, without, user }: NamedRight,
): Promise<readonly Finding[]> {
  if (await cluster.isAllowed(right, user)) return [];
  const { verb, resource, namespace, name } = right;
  const account = user === undefined ? undefined : userAccount(user);
  const remedy =
    account === undefined
      ? `give it the right "${verb}" on ${resource} ${name} in namespace ${namespace}`
      : `kubectl apply -f deploy/rbac.yaml, and ${bindCommand(targetRole, { namespace, subject: account })}`;
  return [failFinding(`${user ?? 'this account'} ${without}`, remedy)];
}
