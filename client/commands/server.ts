import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseAddress } from '../../formats/worker/settings.ts';
import type { Address } from '../../formats/worker/settings.ts';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { servePeople } from '../../server/serve-people.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { defined } from '../../core/text/defined.ts';
import { CommandError } from '../errors.ts';
import { openSession } from '../temporal/connection.ts';

export interface ServerFlags extends KubernetesFlags {
  /** Where it listens, `host:port`. */
  readonly listen: string;
  /** Where metrics are served, `host:port`; nowhere if absent. */
  readonly metricsListen?: string;
  /** The address at which browsers reach it. */
  readonly origin: string;
  /** A file with a private key, Ed25519 as PEM. */
  readonly signingKeyFile: string;
  /** Of this program. */
  readonly version: string;
}

/** `serin server`: serves the page to all people whom the cluster knows, until interrupted. */
export async function serverCommand(context: CommandContext, flags: ServerFlags): Promise<CommandResult> {
  const listenAt = readListen('--listen', flags.listen);
  const metricsAt = flags.metricsListen === undefined ? undefined : readListen('--metrics-listen', flags.metricsListen);
  const origin = readOrigin(flags.origin);
  const signingKey = readKey(flags.signingKeyFile);
  const kubeConfig = loadKubeConfig(flags);
  const session = openSession(context.connection);
  const { address, namespace } = session;
  const facts = { version: flags.version, temporal: { address, namespace } };
  try {
    const places = { listenAt, origin, ...defined({ metricsAt }) };
    const served = await servePeople({ session, kubeConfig, signingKey, facts, ...places });
    say(context, `serves ${origin.origin} on port ${served.port}: experiments of namespace ${namespace} at ${address}`);
    if (served.metricsPort !== undefined) say(context, `serves metrics on port ${served.metricsPort}, at /metrics`);
    if (!context.terminal.interrupted.aborted) await once(context.terminal.interrupted, 'abort');
    await served.close();
    return { exitCode: 0 };
  } finally {
    await session.client.connection.close();
  }
}

function readListen(option: string, text: string): Address {
  const found = parseAddress(text);
  if (found !== undefined) return found;
  throw new CommandError('usage', `${option}: expected host:port such as 0.0.0.0:8080, got ${text}`);
}

/** Without TLS tokens would travel in the open, unless they stay on this machine. */
function readOrigin(text: string): URL {
  const url = URL.parse(text);
  const isAddress = url !== null && url.pathname === '/' && ['http:', 'https:'].includes(url.protocol);
  if (!isAddress)
    throw new CommandError('usage', `--origin: expected an address such as https://serin.example.com, got ${text}`);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'https:' || isLocal) return url;
  throw new CommandError(
    'usage',
    `--origin: expected https, since people send their tokens there, got ${text}; let an ingress or a proxy end TLS in front of it`,
  );
}

function readKey(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN PRIVATE KEY-----')) return text;
    throw new Error('no PRIVATE KEY in it');
  } catch (error) {
    const remedy = '`openssl genpkey -algorithm ed25519` makes one';
    throw new CommandError(
      'usage',
      `--signing-key-file: expected a private key as PEM in ${path}: ${error instanceof Error ? error.message : String(error)}; ${remedy}`,
      { cause: error },
    );
  }
}
