import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../core/text/defined.ts';
import { accountUser, actAs } from '../kubernetes/account.ts';
import { connectHelm } from './helm/helm.ts';
import type { Helm, HelmOptions } from './helm/helm.ts';
import { connectCluster } from './knative/cluster.ts';
import type { ActivityCluster } from './knative/cluster.ts';
import { activityRequestOptions } from './knative/request-options.ts';

/** What an activity works with in a cluster: all of it as one user. */
export interface ClusterAccess {
  readonly cluster: ActivityCluster;
  readonly helm: Helm;
  readonly download: HelmOptions['downloads']['download'];
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
}

/** Connects to the cluster as each namespace's account, over connections that all of them share. */
export function connectAccounts({ kubeConfig, serviceAccount, helm, environment, bounds }: AccountsOptions): Accounts {
  const options = activityRequestOptions();
  const own = connectCluster(kubeConfig, options);
  const known = new Map<string, ClusterAccess>();

  function connectAs(namespace: string): ClusterAccess {
    const user = serviceAccount === undefined ? undefined : accountUser({ namespace, name: serviceAccount });
    const cluster = user === undefined ? own : connectCluster(actAs(kubeConfig, user), options);
    const ofUser = { ...environment, ...defined({ HELM_KUBEASUSER: user }) };
    const downloads = helm.downloadsFor(namespace);
    const { path, pendingLimitMs } = helm;
    const program = { path, pendingLimitMs, environment: ofUser, bounds, isApiReady: own.isReady };
    return { user, cluster, download: downloads.download, helm: connectHelm({ ...program, downloads }) };
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
