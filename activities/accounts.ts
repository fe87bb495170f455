import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../core/text/defined.ts';
import { accountUser, actAs } from '../kubernetes/account.ts';
import { grantRemedy } from '../kubernetes/rights.ts';
import { connectHelm } from './helm/helm.ts';
import type { Helm, HelmOptions } from './helm/helm.ts';
import { connectCluster } from './knative/cluster.ts';
import type { ActivityCluster } from './knative/cluster.ts';
import { activityRequestOptions } from './knative/request-options.ts';
import { watchNamespace } from './knative/watched-namespace.ts';
import type { WatchedNamespace } from './knative/watched-namespace.ts';

/** What an activity works with in a cluster: all of it as one user. */
export interface ClusterAccess {
  readonly cluster: ActivityCluster;
  readonly helm: Helm;
  readonly download: HelmOptions['downloads']['download'];
  /** What is known of a namespace's targets without asking. */
  readonly watch: (namespace: string) => WatchedNamespace;
  /** As whom; undefined: as serin itself. */
  readonly user: string | undefined;
}

export interface Accounts {
  /** As serin itself: for its own kinds only. */
  readonly own: ActivityCluster;
  /** As the account of an experiment's namespace. */
  readonly of: (namespace: string) => ClusterAccess;
}

export interface AccountsOptions {
  readonly kubeConfig: KubeConfig;
  /** The name of the account in each namespace; undefined: serin acts as itself everywhere. */
  readonly serviceAccount: string | undefined;
  readonly helm: Pick<HelmOptions, 'path' | 'pendingLimitMs'> & {
    /** What the experiments of a namespace may have fetched. */
    readonly downloadsFor: (namespace: string) => HelmOptions['downloads'];
  };
  /** The environment of commands. */
  readonly environment: Readonly<Record<string, string>>;
  readonly bounds: HelmOptions['bounds'];
  /** Says what costs work, and what would help. */
  readonly warn: (message: string) => void;
}

/** Connects to the cluster as each namespace's account, over connections that all of them share. */
export function connectAccounts({
  kubeConfig,
  serviceAccount,
  helm,
  environment,
  bounds,
  warn,
}: AccountsOptions): Accounts {
  const options = activityRequestOptions();
  const own = connectCluster(kubeConfig, options);
  const known = new Map<string, ClusterAccess>();

  /** Says once that a namespace may not be watched. */
  function tellOnce(user: string | undefined, namespace: string): () => void {
    let isTold = false;
    return () => {
      if (isTold) return;
      isTold = true;
      const remedy = grantRemedy(user, { verb: 'watch', resource: 'services.serving.knative.dev', namespace });
      warn(
        `Knative objects of namespace ${namespace} may not be watched, so each observation asks for them; ${remedy}`,
      );
    };
  }

  function connectAs(namespace: string): ClusterAccess {
    const user = serviceAccount === undefined ? undefined : accountUser({ namespace, name: serviceAccount });
    const asUser = user === undefined ? kubeConfig : actAs(kubeConfig, user);
    const cluster = user === undefined ? own : connectCluster(asUser, options);
    const watched = new Map<string, WatchedNamespace>();
    const watch: ClusterAccess['watch'] = (place) => {
      const found =
        watched.get(place) ??
        watchNamespace({ kubeConfig: asUser, cluster, namespace: place, refused: tellOnce(user, place) });
      watched.set(place, found);
      return found;
    };
    const ofUser = { ...environment, ...defined({ HELM_KUBEASUSER: user }) };
    const downloads = helm.downloadsFor(namespace);
    const { path, pendingLimitMs } = helm;
    const program = { path, pendingLimitMs, environment: ofUser, bounds, isApiReady: own.isReady };
    return { user, cluster, watch, download: downloads.download, helm: connectHelm({ ...program, downloads }) };
  }

  return {
    own,
    of: (namespace) => {
      const access = known.get(namespace) ?? connectAs(namespace);
      known.set(namespace, access);
      return access;
    },
  };
}
