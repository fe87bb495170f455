import type { V1KeyToPath, V1Pod, V1Volume } from '@kubernetes/client-node';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SandboxCluster } from '../cluster/client.ts';
import { mainContainer } from './hosted-pod.ts';

/** Where the token of a pod's account is, by Kubernetes' own rule. */
const tokenPlace = '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenLifetimeSeconds = 24 * 3600;

/** What a pod's container finds where its volumes are mounted. */
export interface PodFiles {
  readonly cluster: SandboxCluster;
  readonly pod: V1Pod;
  /** The folder that has the place of the container's root. */
  readonly root: string;
  /** The text with names of the container's world replaced by those of this machine. */
  readonly onThisMachine: (text: string) => string;
}

/** The paths in the container at which something is mounted. */
export function mountPaths(pod: V1Pod): readonly string[] {
  const mounts = mainContainer(pod)?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
  return hasToken(pod) ? [...mounts, tokenPlace] : mounts;
}

/** Writes the files of a pod's volumes below its root, and the token of its account where it wants one. */
export async function writePodFiles(files: PodFiles): Promise<void> {
  const { pod, root } = files;
  for (const { name, mountPath } of mainContainer(pod)?.volumeMounts ?? []) {
    const volume = pod.spec?.volumes?.find((one) => one.name === name);
    await writeFiles(join(root, mountPath), volume === undefined ? {} : await readVolume(files, volume));
  }
  if (hasToken(pod)) await writeFiles(join(root, tokenPlace), await issueToken(files));
}

type Contents = Readonly<Record<string, string | Buffer>>;

/** Undefined `items`: every key is a file of its name. */
async function readVolume({ cluster, pod, onThisMachine }: PodFiles, volume: V1Volume): Promise<Contents> {
  const namespace = pod.metadata?.namespace ?? '';
  if (volume.configMap !== undefined) {
    const { data = {} } = await cluster.core.readNamespacedConfigMap({ name: volume.configMap.name ?? '', namespace });
    return chosen(mapValues(data, onThisMachine), volume.configMap.items);
  }
  if (volume.secret !== undefined) {
    const { data = {} } = await cluster.core.readNamespacedSecret({ name: volume.secret.secretName ?? '', namespace });
    return chosen(
      mapValues(data, (value) => Buffer.from(value, 'base64')),
      volume.secret.items,
    );
  }
  return {};
}

function chosen(contents: Contents, items: readonly V1KeyToPath[] | undefined): Contents {
  if (items === undefined) return contents;
  return Object.fromEntries(items.map(({ key, path }) => [path, contents[key] ?? '']));
}

function mapValues<T>(record: Readonly<Record<string, string>>, map: (value: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

async function writeFiles(directory: string, contents: Contents): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content, { mode: 0o600 });
  }
}

/** As a kubelet does: a token that ends with the pod. */
async function issueToken({ cluster, pod }: PodFiles): Promise<Contents> {
  const { name: podName = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: podName, uid };
  const body = { spec: { audiences: [], expirationSeconds: tokenLifetimeSeconds, boundObjectRef } };
  const name = pod.spec?.serviceAccountName ?? 'default';
  const { status } = await cluster.core.createNamespacedServiceAccountToken({ name, namespace, body });
  const authority = cluster.config.getCurrentCluster()?.caData ?? '';
  return { token: status?.token ?? '', namespace, 'ca.crt': Buffer.from(authority, 'base64') };
}

function hasToken({ spec }: V1Pod): boolean {
  return spec?.automountServiceAccountToken === true;
}
