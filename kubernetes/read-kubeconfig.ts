import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeConfig, loadYaml } from '@kubernetes/client-node';

/**
 * Reads the kubeconfig at the path, or as kubectl does: those of `KUBECONFIG`, `~/.kube/config`, or the account of the pod. Throws
 * where one cannot be read. Tokens are read from the `tokenFile` of a user, and anew as they rotate, which the client does not do.
 */
export function readKubeConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (path === undefined) loadDefault(config);
  else config.loadFromFile(path);
  const files = path === undefined ? defaultPaths() : [path];
  return withTokenFiles(config, new Map(files.flatMap(listTokenFiles)));
}

/**
 * Loads the kubeconfig from its usual place. Of several files in `KUBECONFIG`, the first that has a current context decides, as for
 * kubectl and helm; for the client library it is the last one.
 */
function loadDefault(config: KubeConfig): void {
  config.loadFromDefault();
  const chosen = defaultPaths()
    .map(readCurrentContext)
    .find((context) => Boolean(context));
  if (chosen !== undefined) config.setCurrentContext(chosen);
}

function readCurrentContext(path: string): string {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config.getCurrentContext();
}

function defaultPaths(): readonly string[] {
  const { KUBECONFIG, HOME } = process.env;
  if (KUBECONFIG) return KUBECONFIG.split(delimiter).filter((path) => path !== '');
  return HOME === undefined ? [] : [join(HOME, '.kube', 'config')].filter((path) => existsSync(path));
}

interface NamedUser {
  readonly name: string;
  readonly user?: { readonly tokenFile?: string };
}

/** The token files of the users in a kubeconfig that the client has read before; a path is relative to its file. */
function listTokenFiles(path: string): readonly (readonly [string, string])[] {
  const { users } = loadYaml<{ readonly users?: readonly NamedUser[] | null }>(readFileSync(path, 'utf8'));
  return (users ?? []).flatMap(({ name, user }) =>
    user?.tokenFile === undefined ? [] : [[name, resolve(dirname(path), user.tokenFile)] as const],
  );
}

function withTokenFiles(config: KubeConfig, files: ReadonlyMap<string, string>): KubeConfig {
  if (files.size === 0) return config;
  const changed = new KubeConfig();
  changed.loadFromOptions({
    clusters: config.getClusters(),
    contexts: config.getContexts(),
    currentContext: config.getCurrentContext(),
    users: config.getUsers().map((user) => {
      const tokenFile = files.get(user.name);
      return tokenFile === undefined ? user : { ...user, authProvider: { name: 'tokenFile', config: { tokenFile } } };
    }),
  });
  return changed;
}
