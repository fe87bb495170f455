import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { defined } from '../../core/text/defined.ts';
import { loadTemporalSettings } from '../../temporal/settings.ts';
import type { TemporalService, TemporalSettings } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { explainClientError } from './failures.ts';
import type { ConnectionFlags } from '../context.ts';

/** Long enough for a far server, short enough for a person who waits. */
const connectTimeoutMs = 5_000;

/** Connects, hands the session to `use`, and closes. Any error of `use` becomes a `CommandError`. */
export async function withSession<T>(
  flags: ConnectionFlags,
  use: (session: TemporalService) => Promise<T>,
): Promise<T> {
  const settings = readSettings(flags);
  const { address, namespace, dataConverter } = settings;
  const connection = await connect(settings);
  try {
    return await use({ client: new Client({ connection, namespace, dataConverter }), address, namespace });
  } catch (error) {
    throw explainClientError(error, { address, namespace });
  } finally {
    await connection.close();
  }
}

/** Opens a session for a program that outlives outages: connects with the first call, and again after each outage. */
export function openSession(flags: ConnectionFlags): TemporalService {
  const settings = readSettings(flags);
  const { address, namespace, dataConverter } = settings;
  const connection = Connection.lazy(limitedOptions(settings));
  return { client: new Client({ connection, namespace, dataConverter }), address, namespace };
}

function readSettings(flags: ConnectionFlags): TemporalSettings {
  try {
    return loadTemporalSettings({ ...flags, ...defined({ payloadKeysFile: process.env['SERIN_PAYLOAD_KEYS_FILE'] }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `the Temporal configuration cannot be used: ${reason}`, { cause: error });
  }
}

async function connect(settings: TemporalSettings): Promise<Connection> {
  const { address } = settings;
  try {
    return await Connection.connect(limitedOptions(settings));
  } catch (error) {
    const remedy =
      'start one (`serin dev`, `temporal server start-dev`), or set --address, TEMPORAL_ADDRESS or temporal.toml';
    throw new CommandError('unreachable', `Temporal does not answer at ${address}: ${remedy}`, { cause: error });
  }
}

function limitedOptions({ connectionOptions: options }: TemporalSettings): ConnectionOptions {
  return { ...options, connectTimeout: connectTimeoutMs };
}
