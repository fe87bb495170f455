import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CommandError } from './errors.ts';
import { explain } from './failures.ts';

/** Where Temporal is; what is absent comes from the standard Temporal environment and `temporal.toml`. */
export interface ConnectionFlags {
  readonly address?: string;
  readonly namespace?: string;
}

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
  const config = readConfig();
  const address = flags.address ?? config.connectionOptions.address ?? defaultAddress;
  const namespace = flags.namespace ?? config.namespace ?? 'default';
  const connection = await connect({ ...config.connectionOptions, address });
  try {
    return await use({ client: new Client({ connection, namespace }), address, namespace });
  } catch (error) {
    throw explain(error, { address, namespace });
  } finally {
    await connection.close();
  }
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

async function connect({ address, tls, apiKey, metadata }: ConnectionSettings): Promise<Connection> {
  try {
    return await Connection.connect({
      address,
      connectTimeout: connectTimeoutMs,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  } catch (error) {
    const remedy = 'start it (`temporal server start-dev`), or set --address, TEMPORAL_ADDRESS or temporal.toml';
    throw new CommandError('unreachable', `Temporal does not answer at ${address}: ${remedy}`, { cause: error });
  }
}
