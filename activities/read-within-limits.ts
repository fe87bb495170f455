import { LimitExceeded } from '../apart/bounded-processes.ts';
import { readApart } from '../apart/read-apart.ts';
import type { Readings } from '../apart/readings.ts';
import { failure } from './failures.ts';

/** Reads what others wrote, apart from all other work; fails as `TooCostly`, naming it as `what`. */
export async function readWithinLimits<K extends keyof Readings>(
  what: string,
  name: K,
  ...args: Parameters<Readings[K]>
): Promise<ReturnType<Readings[K]>> {
  try {
    return await readApart(name, ...args);
  } catch (error) {
    if (error instanceof LimitExceeded)
      throw failure('TooCostly', { message: `${what} cannot be read: ${error.message}` });
    throw error;
  }
}
