import type { KubernetesObject, V1CustomResourceDefinition } from '@kubernetes/client-node';
import { until } from '../processes/condition.ts';
import { readManifests, type SandboxCluster } from './client.ts';

/** Applies every CustomResourceDefinition of a YAML file and waits until the API server serves its kind. */
export async function defineAll(cluster: SandboxCluster, path: string): Promise<void> {
  await Promise.all((await readManifests(path)).map((definition) => define(cluster, definition)));
}

/** Applies a CustomResourceDefinition and waits until the API server serves its kind. */
export async function define(cluster: SandboxCluster, definition: KubernetesObject): Promise<void> {
  await cluster.apply(definition);
  const { apiVersion = '', kind = '', metadata: { name = '' } = {} } = definition;
  await until({ what: `${name} to be established`, limitMs: 120_000 }, async () => {
    const { status } = await cluster.read<V1CustomResourceDefinition>({ apiVersion, kind, metadata: { name } });
    return status?.conditions?.some(({ type, status: state }) => type === 'Established' && state === 'True');
  });
}
