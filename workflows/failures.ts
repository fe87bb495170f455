import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { failureTypes } from '../core/failures.ts';
import { defined } from '../core/text/defined.ts';

/** A failure as people and decisions need it: the type of `core/failures.ts`, `Timeout`, or `Bug`. */
export interface FailureFacts {
  readonly type: string;
  readonly message: string;
  /** What the failure says to programs; as recorded, so of no certain shape. */
  readonly details?: unknown;
}

/** What went wrong, from whatever was thrown: activities wrap their failure, time-outs carry the last attempt's. */
export function failureFacts(error: unknown): FailureFacts {
  if (error instanceof ActivityFailure) return activityFacts(error);
  if (error instanceof ApplicationFailure) return applicationFacts(error);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { type: 'Bug', message };
}

/** Whatever is not of the closed list is an error of ours, as the class of an exception is. */
function applicationFacts({ type, message, details }: ApplicationFailure): FailureFacts {
  const known = type === 'Timeout' || (typeof type === 'string' && Object.hasOwn(failureTypes, type));
  const [detail] = details ?? [];
  return { type: known ? type : 'Bug', message, ...defined({ details: detail }) };
}

/** Whether Temporal gave the activity up without hearing from it: what it began may still be going on. */
export function isUnheard(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

function activityFacts(failure: ActivityFailure): FailureFacts {
  const { cause } = failure;
  if (cause instanceof TimeoutFailure) return timeoutFacts(failure, cause);
  if (cause instanceof ApplicationFailure) return failureFacts(cause);
  return { type: 'Timeout', message: `${failure.activityType}: ${cause?.message ?? failure.message}` };
}

function timeoutFacts(failure: ActivityFailure, timeout: TimeoutFailure): FailureFacts {
  if (timeout.cause instanceof ApplicationFailure) return failureFacts(timeout.cause);
  return { type: 'Timeout', message: `${failure.activityType} did not finish in time (${timeout.timeoutType})` };
}

/** The same failure, with what it interrupted said first. */
export function inContext(context: string, error: unknown): ApplicationFailure {
  return explained(error, { context });
}

/** The same failure, with what it interrupted said first, and what to do about it last. */
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
