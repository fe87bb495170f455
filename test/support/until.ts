import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition of the outside world; fails naming what did not come. Returns the first value that is not false or undefined. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  { limitMs = 120_000, pollMs = 250 } = {},
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await delay(pollMs);
  }
}
