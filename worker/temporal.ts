import { Client, isGrpcServiceError } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Configuration } from './configuration.ts';
import { StartupError, errorReason } from './startup-error.ts';

/** An open connection to the Temporal service. */
export interface TemporalConnection {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
}

const defaultAddress = 'localhost:7233';

/** A worker that cannot connect ends; whoever runs it starts it again. */
const connectLimitMs = 10_000;

/** Less than the second that Kubernetes waits for a probe by default. */
const answerLimitMs = 800;

/** Connects, and sees that the namespace is there. */
export async function connectTemporal({
  connectionOptions,
  namespace,
}: Configuration['temporal']): Promise<TemporalConnection> {
  const address = connectionOptions.address ?? defaultAddress;
  const connection = await connect({ ...connectionOptions, address });
  const temporal = { connection, address, namespace: namespace ?? 'default' };
  await requireNamespace(temporal);
  return { ...temporal, client: new Client({ connection, namespace: temporal.namespace }) };
}

/** Undefined when Temporal answers, else why it does not. */
export async function whyNoAnswer({ connection, address }: Pick<TemporalConnection, 'connection' | 'address'>) {
  try {
    await connection.withDeadline(Date.now() + answerLimitMs, () => connection.workflowService.getSystemInfo({}));
    return undefined;
  } catch (error) {
    return `Temporal at ${address} does not answer: ${errorReason(error)}`;
  }
}

async function connect(options: Configuration['temporal']['connectionOptions'] & { readonly address: string }) {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${connectLimitMs / 1000} s`)), connectLimitMs);
  try {
    return await Promise.race([NativeConnection.connect(options), expiry]);
  } catch (error) {
    const remedy = 'start it (`temporal server start-dev`), or set TEMPORAL_ADDRESS or temporal.toml';
    const message = `cannot connect to Temporal at ${options.address}: ${transportReason(error)}; ${remedy}`;
    throw new StartupError(1, message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function requireNamespace({ connection, address, namespace }: Omit<TemporalConnection, 'client'>): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + connectLimitMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await connection.close();
    const isMissing = isNotFound(error);
    const remedy = 'create it (`temporal operator namespace create`), or set TEMPORAL_NAMESPACE';
    const message = isMissing
      ? `Temporal at ${address} has no namespace ${namespace}; ${remedy}`
      : `Temporal at ${address} does not show namespace ${namespace}: ${errorReason(error)}`;
    throw new StartupError(1, message, { cause: error });
  }
}

/** Status code of gRPC (https://grpc.io/docs/guides/status-codes/). */
const grpcNotFound = 5;

function isNotFound(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return code === grpcNotFound;
}

/** The native client prints its errors as nested structures; the innermost one says what happened. */
function transportReason(error: unknown): string {
  const reason = errorReason(error);
  return /message: "([^"]+)"/.exec(reason)?.[1] ?? reason;
}
