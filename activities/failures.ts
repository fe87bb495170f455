import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { defined } from '../core/text/defined.ts';
import { failureTypes } from '../core/failures.ts';
import { cutText, limits } from '../core/text/limits.ts';
import { redactText } from '../core/text/redact-text.ts';
import type { FailureType, FailureTypeName } from '../core/failures.ts';

/** What a failure says besides its type. */
export interface FailureOptions {
  /** What happened, to which object, the values, and what to do. What stands in places of secrets is hidden, and what is too long is cut. */
  readonly message: string;
  readonly cause?: unknown;
  /** JSON-safe facts for programs. */
  readonly details?: readonly unknown[];
  /** Overrides the retry policy's next wait. */
  readonly nextRetryDelayMs?: number;
}

/** An outside failure of one of the types of `core/failures.ts`, retryable or not as its table says. */
export function failure(type: FailureTypeName, options: FailureOptions): ApplicationFailure {
  const { message, cause, details = [], nextRetryDelayMs } = options;
  const { isRetryable, isWait = false }: FailureType = failureTypes[type];
  return ApplicationFailure.create({
    message: cutText(redactText(message), limits.failure),
    type,
    nonRetryable: !isRetryable,
    details: [...details],
    ...(isWait ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...defined({ cause: cause instanceof Error ? cause : undefined, nextRetryDelay: nextRetryDelayMs }),
  });
}

/** The type of the failure that an HTTP answer is: of what may pass by itself, or of a refusal; undefined for 2xx. */
export function answerFailureType(status: number): 'HttpUnavailable' | 'HttpRefused' | undefined {
  if (status >= 200 && status < 300) return undefined;
  return status >= 500 || status === 429 || status === 408 ? 'HttpUnavailable' : 'HttpRefused';
}

/** Whether the failure is of one of the types. */
export function hasType(error: unknown, ...types: readonly FailureTypeName[]): boolean {
  return error instanceof ApplicationFailure && types.some((type) => type === error.type);
}

/** What an error says: our own failures by themselves, others by their innermost cause, which is where `fetch` says it. */
export function innermostMessage(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.message;
  if (error instanceof AggregateError && error.errors.length > 0) return innermostMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermostMessage(error.cause) : error.message;
}
