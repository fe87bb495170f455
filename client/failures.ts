import {
  ApplicationFailure,
  WorkflowUpdateFailedError,
  NamespaceNotFoundError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcServiceError,
} from '@temporalio/client';
import { CommandError } from './errors.ts';

/** Whatever Temporal's client throws, as one sentence of ours. */
export function explain(error: unknown, where: { readonly address: string; readonly namespace: string }): CommandError {
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

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/) that have a sentence of their own. */
const grpcCancelled = 1;
const grpcDeadlineExceeded = 4;
const grpcPermissionDenied = 7;
const grpcUnavailable = 14;
const grpcUnauthenticated = 16;

function explainGrpc(error: unknown, address: string): CommandError {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (!isGrpcServiceError(cause)) {
    return new CommandError('failed', error instanceof Error ? error.message : String(error), { cause: error });
  }
  const reason = cause.details || cause.message;
  switch (cause.code) {
    case grpcCancelled:
    case grpcDeadlineExceeded:
    case grpcUnavailable:
      return new CommandError('unreachable', `Temporal does not answer at ${address}: ${reason}`, { cause: error });
    case grpcPermissionDenied:
    case grpcUnauthenticated:
      return new CommandError('unreachable', `Temporal at ${address} refuses these credentials: ${reason}`, {
        cause: error,
      });
    default:
      return new CommandError('failed', `Temporal at ${address} says: ${reason}`, { cause: error });
  }
}
