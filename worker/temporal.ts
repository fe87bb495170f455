import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { answerWithin, readCallFailure } from '../temporal/grpc.ts';
import type { TemporalPlace, TemporalService, TemporalSettings } from '../temporal/settings.ts';
import { StartupError, errorReason } from './startup-error.ts';

/** The connection of a worker, shared by its client. */
export interface TemporalConnection extends TemporalService {
  readonly connection: NativeConnection;
}

/** A worker that cannot connect within this ends, for its supervisor to restart. */
const connectLimitMs = 10_000;

/** Less than the second that Kubernetes waits for a probe by default. */
const answerLimitMs = 800;

/** Connects and checks that the namespace exists; fails as a `StartupError`. */
export async function connectTemporal(settings: TemporalSettings): Promise<TemporalConnection> {
  const connection = await connect(settings);
  const { address, namespace } = settings;
  await requireNamespace(connection, { address, namespace });
  const { dataConverter } = settings;
  return { connection, client: new Client({ connection, namespace, dataConverter }), address, namespace };
}

/** Why Temporal does not answer; undefined when it does. */
export async function whyNoAnswer({ connection, address }: Pick<TemporalConnection, 'connection' | 'address'>) {
  try {
    await connection.withDeadline(Date.now() + answerLimitMs, () => connection.workflowService.getSystemInfo({}));
    return undefined;
  } catch (error) {
    return `Temporal at ${address} does not answer: ${errorReason(error)}`;
  }
}

async function connect({ connectionOptions, address }: TemporalSettings): Promise<NativeConnection> {
  try {
    return await answerWithin(connectLimitMs, NativeConnection.connect(connectionOptions));
  } catch (error) {
    const remedy = 'start it (`temporal server start-dev`), or set TEMPORAL_ADDRESS or temporal.toml';
    const message = `cannot connect to Temporal at ${address}: ${transportReason(error)}; ${remedy}`;
    throw new StartupError(1, message, { cause: error });
  }
}

async function requireNamespace(connection: NativeConnection, { address, namespace }: TemporalPlace): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + connectLimitMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await connection.close();
    const isMissing = readCallFailure(error)?.kind === 'notFound';
    const remedy = 'create it (`temporal operator namespace create`), or set TEMPORAL_NAMESPACE';
    const message = isMissing
      ? `Temporal at ${address} has no namespace ${namespace}; ${remedy}`
      : `Temporal at ${address} does not show namespace ${namespace}: ${errorReason(error)}`;
    throw new StartupError(1, message, { cause: error });
  }
}

/** The native client prints its errors as nested structures; the innermost one says what happened. */
function transportReason(error: unknown): string {
  const reason = errorReason(error);
  return /message: "([^"]+)"/.exec(reason)?.[1] ?? reason;
}
