import type { DoctorCluster } from './cluster.ts';
import { failFinding, failureText, okFinding } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkSecretRights, checkWorkerRights } from './rights.ts';
import type { Subject } from './rights.ts';

export interface KubernetesScope extends Subject {
  /** The namespaces of the targets; empty for all namespaces. */
  readonly namespaces: readonly string[];
  /** The namespaces in which helm keeps the releases; empty where they are not known. */
  readonly releaseNamespaces: readonly string[];
}

/** Checks whether the cluster answers, has Knative Serving, and grants the rights that serin needs. */
export async function checkKubernetes(cluster: DoctorCluster, scope: KubernetesScope): Promise<readonly Finding[]> {
  try {
    const version = await cluster.version();
    const answers = okFinding(`Kubernetes ${version} answers at ${cluster.url}`);
    return [answers, await checkKnative(cluster), ...(await checkRights(cluster, scope))];
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

async function checkRights(
  cluster: DoctorCluster,
  { namespaces, releaseNamespaces, ...subject }: KubernetesScope,
): Promise<readonly Finding[]> {
  const own = namespaces.length === 0 ? [''] : namespaces;
  return Promise.all([
    ...own.map((namespace) => checkWorkerRights(cluster, { ...subject, namespace })),
    ...releaseNamespaces.map((namespace) => checkSecretRights(cluster, { ...subject, namespace })),
  ]);
}
