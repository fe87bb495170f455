import { setTimeout as delay } from 'node:timers/promises';

/** Whether the time passed; false when the signal came first. */
export async function pause(signal: AbortSignal, ms = 1_000): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
