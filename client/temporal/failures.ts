import {
  ApplicationFailure,
  WorkflowUpdateFailedError,
  NamespaceNotFoundError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcServiceError,
} from '@temporalio/client';
import { CommandError } from '../errors.ts';

/** Whatever Temporal's client throws, as one sentence of ours. */
export function explainClientError(
  error: unknown,
  where: { readonly address: string; readonly namespace: string },
): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof NamespaceNotFoundError) {
    const message = `Temporal at ${where.address} has no namespace ${where.namespace}: set --namespace or TEMPORAL_NAMESPACE`;
    return new CommandError('notFound', message, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError) {
    return new CommandError('notFound', `the workflow is not there any more: ${error.message}`, { cause: error });
  }
  if (error instanceof WorkflowUpdateFailedError) return explainRefusal(error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new CommandError('noWorker', 'no worker answered in time', { cause: error });
  }
  return explainGrpc(error, where.address);
}

function explainRefusal(error: WorkflowUpdateFailedError): CommandError {
  const { cause } = error;
  const message = cause instanceof ApplicationFailure ? cause.message : error.message;
  return new CommandError('refused', message, { cause: error });
}

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/): cancelled, deadline exceeded, unavailable. */
const grpcSilence: readonly number[] = [1, 4, 14];
/** Permission denied, unauthenticated. */
const grpcDenial: readonly number[] = [7, 16];

function explainGrpc(error: unknown, address: string): CommandError {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (!isGrpcServiceError(cause)) {
    return new CommandError('failed', error instanceof Error ? error.message : String(error), { cause: error });
  }
  const reason = cause.details || cause.message;
  if (grpcSilence.includes(cause.code)) {
    return new CommandError('unreachable', `Temporal does not answer at ${address}: ${reason}`, { cause: error });
  }
  if (grpcDenial.includes(cause.code)) {
    const message = `Temporal at ${address} refuses these credentials: ${reason}`;
    return new CommandError('unreachable', message, { cause: error });
  }
  return new CommandError('failed', `Temporal at ${address} says: ${reason}`, { cause: error });
}
