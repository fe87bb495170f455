import type { DoctorCluster } from './cluster.ts';
import { failFinding, failureText, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';
import { defined } from '../../core/text/defined.ts';
import { userAccount } from '../../kubernetes/account.ts';
import { checkCalendar } from './calendar.ts';
import { checkNotices } from './notices.ts';
import { checkImpersonation, checkReleaseRights, checkTargetRights } from './rights.ts';

export interface KubernetesScope {
  /** The account as which serin acts for the experiment; undefined where no experiment or target is named. */
  readonly account?: string;
  /** Whose rights are checked instead of the account's. */
  readonly user?: string;
  /** The namespaces of the targets; empty where none is named. */
  readonly namespaces: readonly string[];
  /** The namespaces in which helm keeps the releases; empty where they are not known. */
  readonly releaseNamespaces: readonly string[];
}

/** Checks whether the cluster answers, has Knative Serving, and grants the rights that serin needs. */
export async function checkKubernetes(cluster: DoctorCluster, scope: KubernetesScope): Promise<readonly Finding[]> {
  try {
    const version = await cluster.version();
    const answers = okFinding(`Kubernetes ${version} answers at ${cluster.url}`);
    return [answers, await checkKnative(cluster), await checkKinds(cluster), ...(await checkRights(cluster, scope))];
  } catch (error) {
    return [
      failFinding(
        failureText(error),
        'point --kubeconfig and --context to the cluster, and check your own rights in it',
      ),
    ];
  }
}

async function checkKnative(cluster: DoctorCluster): Promise<Finding> {
  const version = await cluster.knativeVersion();
  if (version === undefined) {
    return failFinding('Knative Serving is not installed', 'see https://knative.dev/docs/install/');
  }
  return okFinding(version === 'unknown' ? 'Knative Serving is there' : `Knative Serving ${version} is there`);
}

async function checkKinds(cluster: DoctorCluster): Promise<Finding> {
  const groups = await cluster.experimentGroups();
  if (groups.length > 0) return okFinding(`Experiments can be applied: ${groups.join(', ')}`);
  return warnFinding(
    'there is no kind Experiment: experiments start by `serin start` alone, not by kubectl apply',
    'kubectl apply --server-side -f deploy/crds.yaml',
  );
}

async function checkRights(
  cluster: DoctorCluster,
  { namespaces, releaseNamespaces, account, user = account }: KubernetesScope,
): Promise<readonly Finding[]> {
  const places = namespaces.length === 0 && user !== undefined ? [''] : namespaces;
  const subject = defined({ user });
  const found = await Promise.all([
    ...(account === undefined || user !== account ? [] : [checkImpersonation(cluster, account)]),
    ...places.map((namespace) => checkTargetRights(cluster, { ...subject, namespace })),
    ...releaseNamespaces.map((namespace) => checkReleaseRights(cluster, { ...subject, namespace })),
  ]);
  const own = account === undefined ? undefined : userAccount(account)?.namespace;
  const ofNamespace = { ...subject, namespace: own ?? '' };
  const checks = own === undefined ? [] : [checkNotices(cluster, ofNamespace), checkCalendar(cluster, ofNamespace)];
  return [...found.filter((finding) => finding !== undefined), ...(await Promise.all(checks)).flat()];
}
