import {
  ApplicationFailure,
  WorkflowUpdateFailedError,
  NamespaceNotFoundError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { readCallFailure } from '../../temporal/grpc.ts';
import type { TemporalPlace } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';

/** Explains an error of Temporal's client in one sentence. */
export function explainClientError(error: unknown, where: TemporalPlace): CommandError {
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
  return explainCall(error, where.address);
}

function explainRefusal(error: WorkflowUpdateFailedError): CommandError {
  const { cause } = error;
  const message = cause instanceof ApplicationFailure ? cause.message : error.message;
  return new CommandError('refused', message, { cause: error });
}

/** What Temporal and gRPC say of a message that exceeds their limits. */
const tooLarge = /blob data size exceeds limit|message larger than max/i;

const whatIsTooLarge = 'what was sent is larger than Temporal takes (2 MB in one message)';

function explainCall(error: unknown, address: string): CommandError {
  const failure = readCallFailure(error);
  if (failure === undefined) {
    return new CommandError('failed', error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { kind, details } = failure;
  if (tooLarge.test(details)) return new CommandError('failed', `${whatIsTooLarge}: ${details}`, { cause: error });
  switch (kind) {
    case 'late':
    case 'unavailable':
      return new CommandError('unreachable', `Temporal does not answer at ${address}: ${details}`, { cause: error });
    case 'forbidden':
    case 'unauthenticated':
      return new CommandError('unreachable', `Temporal at ${address} refuses these credentials: ${details}`, {
        cause: error,
      });
    case 'exhausted':
    case 'notFound':
    case 'invalid':
    case 'unimplemented':
    case 'other':
      return new CommandError('failed', `Temporal at ${address} says: ${details}`, { cause: error });
  }
}
