import { readFile } from 'node:fs/promises';
import { parseJson, readField } from '../../core/text/json.ts';
import { failure, innermostMessage } from '../failures.ts';

/**
 * The worker's login at a registry, `user:password` in base64, from the file that `helm registry login` writes; undefined where it has
 * none. Helper programs that such a file may name are not asked.
 *
 * @param path undefined: there is no such file.
 */
export async function findRegistryLogin(path: string | undefined, host: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const logins = readField(parseJson(await readLogins(path)), 'auths');
  const login = readField(readField(logins, host), 'auth');
  return typeof login === 'string' && login !== '' ? login : undefined;
}

async function readLogins(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const message = `the worker's HELM_REGISTRY_CONFIG cannot be read: ${innermostMessage(error)}`;
    throw failure('HttpUnavailable', { message });
  }
}
