import type { KubernetesObject } from '@kubernetes/client-node';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifests, type SandboxCluster } from '../cluster/client.ts';
import { define } from '../cluster/definitions.ts';
import { configured } from './configuration.ts';

export const systemNamespace = 'knative-serving';

const folders = [
  'serving',
  'serving/200-roles',
  'serving/300-resources',
  'serving/configmaps',
  'serving/webhooks',
  'networking',
  'caching',
];

// No certificates are made here, and no images fetched.
const leftOut = ['300-knativecertificate.yaml', '999-cache.yaml'];

/** Directs the API server to the webhook on this machine. */
const webhookService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'webhook', namespace: systemNamespace },
  spec: { type: 'ExternalName', externalName: 'localhost' },
};

/**
 * Puts Knative Serving's own manifests into the cluster.
 *
 * @param manifests folder with Knative's files, as the tool `knativeManifests` gives it.
 */
export async function installKnative(cluster: SandboxCluster, manifests: string, webhookPort: number): Promise<void> {
  const objects = (await readAll(manifests)).map((object) => configured(object, webhookPort));
  const isDefinition = ({ kind }: KubernetesObject) => kind === 'CustomResourceDefinition';
  const isNamespace = ({ kind }: KubernetesObject) => kind === 'Namespace';
  await applyAll(cluster, objects.filter(isNamespace));
  await Promise.all([
    ...objects.filter(isDefinition).map((definition) => define(cluster, definition)),
    applyAll(cluster, [...objects.filter((object) => !isDefinition(object) && !isNamespace(object)), webhookService]),
  ]);
}

async function readAll(manifests: string): Promise<KubernetesObject[]> {
  const files = await Promise.all(folders.map((folder) => yamlFiles(join(manifests, folder))));
  return (await Promise.all(files.flat().map(readManifests))).flat();
}

async function yamlFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.yaml') && !leftOut.includes(name)).map((name) => join(folder, name));
}

async function applyAll(cluster: SandboxCluster, objects: readonly KubernetesObject[]): Promise<void> {
  await Promise.all(objects.map((object) => cluster.apply(object)));
}
