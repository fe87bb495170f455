import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { failureTypes } from '../core/failures.ts';
import { defined } from '../core/text/defined.ts';

/** A failure as people and decisions need it: the type of `core/failures.ts`, `Timeout`, or `Bug`. */
export interface FailureFacts {
  readonly type: string;
  readonly message: string;
  /** The failure's first detail, for programs; as recorded, so of unknown shape. */
  readonly details?: unknown;
}

/** Reads a thrown value: activities wrap their failure, timeouts carry that of the last attempt. */
export function failureFacts(error: unknown): FailureFacts {
  if (error instanceof ActivityFailure) return activityFacts(error);
  if (error instanceof ApplicationFailure) return applicationFacts(error);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { type: 'Bug', message };
}

/** A type outside the closed list, such as the class name of an exception, is a bug. */
function applicationFacts({ type, message, details }: ApplicationFailure): FailureFacts {
  const known = type === 'Timeout' || (typeof type === 'string' && Object.hasOwn(failureTypes, type));
  const [detail] = details ?? [];
  return { type: known ? type : 'Bug', message, ...defined({ details: detail }) };
}

/** Whether the activity timed out without a result: what it began may still be running. */
export function isUnheard(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

function activityFacts(failure: ActivityFailure): FailureFacts {
  const { cause } = failure;
  if (cause instanceof TimeoutFailure) return timeoutFacts(failure, cause);
  if (cause instanceof ApplicationFailure) return failureFacts(cause);
  return { type: 'Timeout', message: `${failure.activityType}: ${cause?.message ?? failure.message}` };
}

/** A limit that ends an activity says nothing itself: the failure of its last attempt does. */
function timeoutFacts({ activityType }: ActivityFailure, timeout: TimeoutFailure): FailureFacts {
  const last = lastFailure(timeout);
  if (last instanceof ApplicationFailure) return applicationFacts(last);
  const limit =
    last instanceof TimeoutFailure ? `${last.timeoutType}, then ${timeout.timeoutType}` : timeout.timeoutType;
  return { type: 'Timeout', message: `${activityType} did not finish in time (${limit})` };
}

const converter = new DefaultFailureConverter();

/** The failure that the server has put behind a timeout: the SDK leaves it out of `cause`, but keeps the server's own failure beside. */
function lastFailure({ failure }: TimeoutFailure): Error | undefined {
  return failure?.cause ? converter.failureToError(failure.cause, defaultPayloadConverter) : undefined;
}

/** The failure, not retryable, with what it interrupted in front of its message. */
export function inContext(context: string, error: unknown): ApplicationFailure {
  return explained(error, { context });
}

/** The failure, not retryable: what it interrupted, its message, and what to do about it. */
export function explained(
  error: unknown,
  { context, advice }: { readonly context?: string | undefined; readonly advice?: string | undefined },
): ApplicationFailure {
  const { type, message, details } = failureFacts(error);
  const before = context === undefined ? '' : `${context}: `;
  const after = advice === undefined ? '' : `; ${advice}`;
  return ApplicationFailure.nonRetryable(
    `${before}${message}${after}`,
    type,
    ...(details === undefined ? [] : [details]),
  );
}
