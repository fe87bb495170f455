import { readFileSync } from 'node:fs';

/** Whether the process runs; one that has ended and that nobody waited for yet does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
