import { KubeConfig } from '@kubernetes/client-node';
import type { User } from '@kubernetes/client-node';
import type { ObjectName } from '../core/experiment/experiment.ts';

/** The user as whom the API server knows a service account. */
export function accountUser({ namespace, name }: ObjectName): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** The service account of a user; undefined for every other user. */
export function userAccount(user: string): ObjectName | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/**
 * The kubeconfig with each request made as the user (`Impersonate-User`). No groups are sent: the API server adds those of a
 * service account by itself.
 */
export function actAs(config: KubeConfig, user: string): KubeConfig {
  return changeUsers(config, (one) => ({ ...one, impersonateUser: user }));
}

/** The kubeconfig with each request made as its own user. */
export function actAsItself(config: KubeConfig): KubeConfig {
  return changeUsers(config, ({ impersonateUser: _, ...own }) => own);
}

/** The user as whom requests are made; undefined where that is the kubeconfig's own. */
export function actingUser(config: KubeConfig): string | undefined {
  return config.getCurrentUser()?.impersonateUser;
}

function changeUsers(config: KubeConfig, change: (user: User) => User): KubeConfig {
  const changed = new KubeConfig();
  changed.loadFromOptions({
    clusters: config.getClusters(),
    contexts: config.getContexts(),
    currentContext: config.getCurrentContext(),
    users: config.getUsers().map(change),
  });
  return changed;
}
