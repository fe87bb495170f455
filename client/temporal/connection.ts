import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CommandError } from '../errors.ts';
import { explainClientError } from './failures.ts';
import type { ConnectionFlags } from '../context.ts';

/** An open connection to Temporal. */
export interface Session {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
}

const defaultAddress = 'localhost:7233';

/** Long enough for a far server, short enough for a person who waits. */
const connectTimeoutMs = 5_000;

/** Connects, hands the session to `use`, and closes. Whatever Temporal's client throws becomes a `CommandError`. */
export async function withSession<T>(flags: ConnectionFlags, use: (session: Session) => Promise<T>): Promise<T> {
  const { namespace, ...settings } = readConnectionSettings(flags);
  const { address } = settings;
  const connection = await connect(settings);
  try {
    return await use({ client: new Client({ connection, namespace }), address, namespace });
  } catch (error) {
    throw explainClientError(error, { address, namespace });
  } finally {
    await connection.close();
  }
}

/** The same for a program that outlives outages: connects with the first call, and again after each outage. */
export function openSession(flags: ConnectionFlags): Session {
  const { namespace, ...settings } = readConnectionSettings(flags);
  const connection = Connection.lazy(connectionOptionsFrom(settings));
  return { client: new Client({ connection, namespace }), address: settings.address, namespace };
}

function readConnectionSettings(flags: ConnectionFlags): ConnectionSettings & { readonly namespace: string } {
  const { connectionOptions, namespace } = readConfig();
  return {
    ...connectionOptions,
    address: flags.address ?? connectionOptions.address ?? defaultAddress,
    namespace: flags.namespace ?? namespace ?? 'default',
  };
}

function readConfig(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `the Temporal configuration cannot be used: ${reason}`, { cause: error });
  }
}

type ConnectionSettings = ReturnType<typeof loadClientConnectConfig>['connectionOptions'] & {
  readonly address: string;
};

async function connect(settings: ConnectionSettings): Promise<Connection> {
  const { address } = settings;
  try {
    return await Connection.connect(connectionOptionsFrom(settings));
  } catch (error) {
    const remedy = 'start it (`temporal server start-dev`), or set --address, TEMPORAL_ADDRESS or temporal.toml';
    throw new CommandError('unreachable', `Temporal does not answer at ${address}: ${remedy}`, { cause: error });
  }
}

function connectionOptionsFrom({ address, tls, apiKey, metadata }: ConnectionSettings): ConnectionOptions {
  return {
    address,
    connectTimeout: connectTimeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
