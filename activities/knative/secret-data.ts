import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { ActivityCluster } from './cluster.ts';

/** The keys of a secret, decoded; undefined when there is no such secret. */
export async function readSecretData(
  cluster: Pick<ActivityCluster, 'readSecret'>,
  name: ObjectName,
): Promise<Readonly<Record<string, string>> | undefined> {
  const secret = await cluster.readSecret(name);
  if (secret === undefined) return undefined;
  const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => {
    return [key, Buffer.from(value, 'base64').toString('utf8')];
  });
  return Object.fromEntries(decoded);
}
