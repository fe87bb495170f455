import { setTimeout as delay } from 'node:timers/promises';

export interface Waiting {
  /** What is awaited, for the message of the failure: `the API server to be ready`. */
  readonly what: string;
  readonly limitMs: number;
  /** The time between two checks. Default 50. */
  readonly pollMs?: number;
  /** Ends the wait early: rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Calls `check` again and again until it returns something other than `undefined` or `false`, and returns that. An exception
 * thrown by `check` counts as "not yet"; the last one is the cause of the failure.
 */
export async function until<T>(
  waiting: Waiting,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + waiting.limitMs;
  let lastError: unknown;
  for (;;) {
    waiting.signal?.throwIfAborted();
    try {
      const result = await check();
      if (result !== undefined && result !== false) return result;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `waited ${waiting.limitMs} ms for ${waiting.what}`,
        lastError === undefined ? {} : { cause: lastError },
      );
    }
    await delay(waiting.pollMs ?? 50);
  }
}
