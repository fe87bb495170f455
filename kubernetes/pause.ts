import { setTimeout as delay } from 'node:timers/promises';

/** Waits for `ms`; false when the signal aborts it. */
export async function pause(signal: AbortSignal, ms = 1_000): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
