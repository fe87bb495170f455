import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { defined } from '../../core/text/defined.ts';

/** The variables of the worker's environment that commands may see; the worker's own secrets are not among them. */
const passed: ReadonlySet<string> = new Set([
  'PATH',
  'LANG',
  'TZ',
  'KUBECONFIG',
  'KUBERNETES_SERVICE_HOST',
  'KUBERNETES_SERVICE_PORT',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
]);

/** Where helm keeps what it finds and what it is told: in the directory of each command. */
const helmPlaces: ReadonlySet<string> = new Set([
  'HELM_CACHE_HOME',
  'HELM_CONFIG_HOME',
  'HELM_DATA_HOME',
  'HELM_CONTENT_CACHE',
  'HELM_REPOSITORY_CACHE',
  'HELM_REPOSITORY_CONFIG',
]);

/** The variables of an environment, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment for commands: where programs, kubeconfig, certificates and proxies are, and helm's own settings. */
export function commandEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const entries = Object.entries(environment).flatMap(([name, value]): [string, string][] => {
    return value !== undefined && isPassed(name) ? [[name, value]] : [];
  });
  return { ...Object.fromEntries(entries), ...defined({ KUBECONFIG: kubeconfigs(environment) }) };
}

function isPassed(name: string): boolean {
  return passed.has(name) || (name.startsWith('HELM_') && !helmPlaces.has(name));
}

/** The kubeconfigs as commands find them, whose home and working directory are not the worker's. */
function kubeconfigs({ HOME, KUBECONFIG }: Environment): string | undefined {
  if (KUBECONFIG)
    return KUBECONFIG.split(delimiter)
      .map((path) => resolve(path))
      .join(delimiter);
  if (HOME === undefined) return undefined;
  const path = join(HOME, '.kube', 'config');
  return existsSync(path) ? path : undefined;
}

/** The environment of a command whose home, and place for everything that it keeps, is the directory. */
export function inDirectory(
  environment: Readonly<Record<string, string>>,
  directory: string,
): Readonly<Record<string, string>> {
  return {
    ...environment,
    HOME: directory,
    TMPDIR: directory,
    // helm's too.
    XDG_CACHE_HOME: join(directory, '.cache'),
    XDG_CONFIG_HOME: join(directory, '.config'),
    XDG_DATA_HOME: join(directory, '.local', 'share'),
  };
}
