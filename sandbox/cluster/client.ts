import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  loadAllYaml,
  setHeaderOptions,
  type KubernetesObject,
} from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';

const fieldManager = 'serin-sandbox';

/** A custom resource's coordinates. */
export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** The API server as the sandbox's own parts use it, with an administrator's rights. */
export interface SandboxCluster {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly custom: CustomObjectsApi;
  /** Server-side apply; takes over fields that others own. */
  apply(object: KubernetesObject): Promise<void>;
  /** Applies every document of a YAML file, in order. */
  applyFile(path: string): Promise<void>;
  /** The object as it is now. */
  read<T extends KubernetesObject>(header: ObjectHeader): Promise<T>;
  /** Merges `status` into the object's status. */
  mergeStatus(resource: CustomResource, object: KubernetesObject, status: object): Promise<void>;
}

interface ObjectHeader {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Connects with the current context of a kubeconfig file. */
export function connect(kubeconfig: string): SandboxCluster {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const custom = config.makeApiClient(CustomObjectsApi);
  const apply = async (object: KubernetesObject) => {
    await objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply);
  };
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    custom,
    apply,
    applyFile: async (path) => {
      for (const object of await readManifests(path)) await apply(object);
    },
    read: (header) => objects.read(header),
    mergeStatus: async (resource, object, status) => {
      const { name = '', namespace = '' } = object.metadata ?? {};
      await custom.patchNamespacedCustomObjectStatus(
        { ...resource, name, namespace, body: { status } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
    },
  };
}

/** Reads the documents of a YAML file, without empty ones. */
export async function readManifests(path: string): Promise<KubernetesObject[]> {
  const documents: (KubernetesObject | null)[] = loadAllYaml(await readFile(path, 'utf8'));
  return documents.filter((document) => document !== null);
}
