import { ListWatch, Watch, type KubernetesListObject, type KubernetesObject } from '@kubernetes/client-node';
import type { SandboxCluster, CustomResource } from './client.ts';

/** The objects of one kind in all namespaces, as last reported; survives outages of the API server. */
export interface WatchedObjects<T> {
  list(): readonly T[];
  get(name: string, namespace: string): T | undefined;
  stop(): Promise<void>;
}

export interface ObjectHandlers<T> {
  readonly present: (object: T) => void;
  readonly gone?: (object: T) => void;
}

/**
 * Watches the objects of a custom resource: calls `present` for each object that exists and for each change, `gone` for each
 * deletion.
 */
export function watchCustomObjects<T extends KubernetesObject>(
  cluster: SandboxCluster,
  resource: CustomResource,
  watcher: ObjectHandlers<T>,
): WatchedObjects<T> {
  const { group, version, plural } = resource;
  const list = async (): Promise<KubernetesListObject<T>> =>
    // The caller names the type that goes with the resource; the generated client leaves it open.
    (await cluster.custom.listCustomObjectForAllNamespaces({
      ...resource,
      resourcePlural: plural,
    })) as KubernetesListObject<T>;
  return watchPath(cluster, `/apis/${group}/${version}/${plural}`, list, watcher);
}

/** Watches the objects at a path of the API, which `list` lists; see `watchCustomObjects`. */
export function watchPath<T extends KubernetesObject>(
  cluster: SandboxCluster,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  watcher: ObjectHandlers<T>,
): WatchedObjects<T> {
  const informer = new ListWatch<T>(path, new Watch(cluster.config), list, false);
  let isStopped = false;
  const restart = () => {
    if (!isStopped) void informer.start();
  };
  informer.on('add', watcher.present);
  informer.on('update', watcher.present);
  informer.on('delete', (object) => watcher.gone?.(object));
  informer.on('error', () => setTimeout(restart, 300));
  void informer.start();
  return {
    list: () => informer.list(),
    get: (name, namespace) => informer.get(name, namespace),
    stop: async () => {
      isStopped = true;
      await informer.stop();
    },
  };
}
