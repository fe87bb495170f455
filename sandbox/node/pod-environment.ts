import type { V1EnvVarSource, V1Pod } from '@kubernetes/client-node';
import type { SandboxCluster } from '../cluster/client.ts';
import { mainContainer } from './hosted-pod.ts';

/** The environment of a pod's container, with what it takes from ConfigMaps, Secrets and the pod itself. */
export async function readEnvironment(cluster: SandboxCluster, pod: V1Pod): Promise<Readonly<Record<string, string>>> {
  const { envFrom = [], env = [] } = mainContainer(pod) ?? {};
  const sources = new Sources(cluster, pod);
  const whole = await Promise.all(
    envFrom.map(({ configMapRef, secretRef }) =>
      secretRef === undefined ? sources.configMap(configMapRef?.name) : sources.secret(secretRef.name),
    ),
  );
  const own = await Promise.all(
    env.map(async ({ name, value, valueFrom }) => [name, value ?? (await sources.read(valueFrom ?? {}))] as const),
  );
  return { ...Object.assign({}, ...whole), ...Object.fromEntries(own) };
}

class Sources {
  readonly #cluster: SandboxCluster;
  readonly #pod: V1Pod;

  constructor(cluster: SandboxCluster, pod: V1Pod) {
    this.#cluster = cluster;
    this.#pod = pod;
  }

  async read({ configMapKeyRef, secretKeyRef, fieldRef }: V1EnvVarSource): Promise<string> {
    if (configMapKeyRef !== undefined) return valueOf(await this.configMap(configMapKeyRef.name), configMapKeyRef.key);
    if (secretKeyRef !== undefined) return valueOf(await this.secret(secretKeyRef.name), secretKeyRef.key);
    const { name = '', namespace = '' } = this.#pod.metadata ?? {};
    return { 'metadata.name': name, 'metadata.namespace': namespace }[fieldRef?.fieldPath ?? ''] ?? '';
  }

  async configMap(name = ''): Promise<Readonly<Record<string, string>>> {
    return (await this.#cluster.core.readNamespacedConfigMap({ name, namespace: this.#namespace() })).data ?? {};
  }

  async secret(name = ''): Promise<Readonly<Record<string, string>>> {
    const { data = {} } = await this.#cluster.core.readNamespacedSecret({ name, namespace: this.#namespace() });
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }

  #namespace(): string {
    return this.#pod.metadata?.namespace ?? '';
  }
}

/** A pod whose key is missing does not start, and is tried again. */
function valueOf(data: Readonly<Record<string, string>>, key: string): string {
  const value = data[key];
  if (value === undefined) throw new Error(`there is no key ${key}`);
  return value;
}
