import { Connection, isGrpcServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';

/** How a call to Temporal failed. `late`: no answer came in time; `unavailable`: Temporal cannot be reached. */
export type CallFailureKind =
  | 'late'
  | 'unavailable'
  | 'exhausted'
  | 'notFound'
  | 'invalid'
  | 'unimplemented'
  | 'forbidden'
  | 'unauthenticated'
  | 'other';

/** A failed call to Temporal. */
export interface CallFailure {
  readonly kind: CallFailureKind;
  /** What the server says, without the code. */
  readonly details: string;
}

/**
 * Kinds by gRPC's status codes (https://grpc.io/docs/guides/status-codes/). A server that gives up first reports the
 * call as cancelled (1).
 */
const kinds: Readonly<Record<number, CallFailureKind>> = {
  1: 'late',
  3: 'invalid',
  4: 'late',
  5: 'notFound',
  7: 'forbidden',
  8: 'exhausted',
  12: 'unimplemented',
  14: 'unavailable',
  16: 'unauthenticated',
};

/** No answer came within the limit of `answerWithin`. */
class NoAnswer extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
    this.name = 'NoAnswer';
  }
}

/** The failed call behind what Temporal's client has thrown; undefined when the error comes from elsewhere. */
export function readCallFailure(error: unknown): CallFailure | undefined {
  const cause = rootCause(error);
  if (cause instanceof NoAnswer) return { kind: 'late', details: cause.message };
  if (!isGrpcServiceError(cause)) return undefined;
  return { kind: kinds[cause.code] ?? 'other', details: cause.details || cause.message };
}

/** What an error of Temporal's client says: the details of the failed call, else the message of the innermost error. */
export function failureDetails(error: unknown): string {
  const cause = rootCause(error);
  return readCallFailure(cause)?.details ?? (cause instanceof Error ? cause.message : String(cause));
}

/** The gRPC error that is behind an error, else the innermost one. */
function rootCause(error: unknown): unknown {
  if (isGrpcServiceError(error) || !(error instanceof Error) || error.cause === undefined) return error;
  return rootCause(error.cause);
}

/** The time that the client has to report its own deadline, before the call is given up. */
const deadlineSlackMs = 200;

/**
 * Makes one call to Temporal with a limit; beyond it the call fails as `late`. The client's own connection ends a call at its deadline,
 * and must not be closed before that: a call that was given up would be retried on it.
 */
export function callWithin<T>(client: Client, limitMs: number, request: () => Promise<T>): Promise<T> {
  const answer = client.withDeadline(Date.now() + limitMs, request);
  return client.connection instanceof Connection ? answer : answerWithin(limitMs + deadlineSlackMs, answer);
}

/**
 * Waits for an answer at most `limitMs`, then fails as `late`: a worker's connection keeps retrying beyond a
 * deadline. A request that it still sends does no harm, since every request may happen twice.
 */
export async function answerWithin<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(limitMs)), limitMs);
  try {
    return await Promise.race([answer, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
