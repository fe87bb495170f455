import { MockActivityEnvironment } from '@temporalio/testing';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import type { FailureTypeName } from '../../core/failures.ts';

/** Failures are what tests ask for; their log lines would only hide others. */
const logger = new DefaultLogger('ERROR', () => undefined);

/** Runs `work` as an activity does: with a context that takes heartbeats and can be cancelled. */
export function asActivity<T>(work: () => Promise<T>, info: Partial<Info> = {}): Promise<T> {
  return new MockActivityEnvironment(info, { logger }).run(work);
}

/** Runs `work` as an activity; `cancel` asks it to stop, as the cancellation of its workflow does. */
export function cancellableActivity<T>(work: () => Promise<T>): { result: Promise<T>; cancel: () => void } {
  const environment = new MockActivityEnvironment({}, { logger });
  return { result: environment.run(work), cancel: () => environment.cancel() };
}

/** The failure of an activity that must fail. */
export async function caughtFailure(
  work: () => Promise<unknown>,
  info: Partial<Info> = {},
): Promise<{
  readonly type: FailureTypeName | undefined;
  readonly message: string;
  readonly isRetryable: boolean;
  readonly details: readonly unknown[];
  readonly nextRetryDelay: unknown;
}> {
  const outcome: unknown = await asActivity(work, info).then(
    (value) => ({ unexpected: value }),
    (error: unknown) => error,
  );
  if (!(outcome instanceof ApplicationFailure)) throw new Error('expected an ApplicationFailure', { cause: outcome });
  const { message, nonRetryable, details, nextRetryDelay } = outcome;
  // Only types of the closed list are thrown by activities; a wrong one fails the comparison of the test.
  const type = outcome.type as FailureTypeName | undefined;
  return { type, message, isRetryable: nonRetryable !== true, details: details ?? [], nextRetryDelay };
}
