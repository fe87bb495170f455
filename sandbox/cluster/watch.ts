import { ListWatch, Watch, type KubernetesListObject, type KubernetesObject } from '@kubernetes/client-node';
import type { Cluster, CustomResource } from './client.ts';

/** The objects of one kind in all namespaces, as last seen; survives outages of the API server. */
export interface Watched<T> {
  list(): readonly T[];
  get(name: string, namespace: string): T | undefined;
  stop(): Promise<void>;
}

export interface Watcher<T> {
  readonly seen: (object: T) => void;
  readonly gone?: (object: T) => void;
}

/** Calls `seen` for each object that is there, then for each change. */
export function watchCustom<T extends KubernetesObject>(
  cluster: Cluster,
  resource: CustomResource,
  watcher: Watcher<T>,
): Watched<T> {
  const { group, version, plural } = resource;
  const list = async (): Promise<KubernetesListObject<T>> =>
    // The caller names the type that goes with the resource; the generated client leaves it open.
    (await cluster.custom.listCustomObjectForAllNamespaces({
      ...resource,
      resourcePlural: plural,
    })) as KubernetesListObject<T>;
  return watch(cluster, `/apis/${group}/${version}/${plural}`, list, watcher);
}

export function watch<T extends KubernetesObject>(
  cluster: Cluster,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  watcher: Watcher<T>,
): Watched<T> {
  const informer = new ListWatch<T>(path, new Watch(cluster.config), list, false);
  let isStopped = false;
  const restart = () => {
    if (!isStopped) void informer.start();
  };
  informer.on('add', watcher.seen);
  informer.on('update', watcher.seen);
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
