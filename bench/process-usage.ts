import { readFileSync } from 'node:fs';

/** What a program and all that it has started have used. */
export interface Usage {
  readonly cpuMs: number;
  /** Of its largest process: the others of a worker are npm and commands. */
  readonly residentMib: number;
}

/** What one process, and what it has waited for, have used. */
export interface ProcessUsage extends Usage {
  readonly group: number;
}

/** Linux shows times in hundredths of a second, and memory in pages (proc_pid_stat(5)). */
const tickMs = 10;
const pagesInMib = 256;

/** Reads what a process has used until now; undefined where it has ended. */
export function readProcess(pid: number | string): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may have spaces. The fields after it begin with the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + field(number), 0);
    return { group: field(5), cpuMs: ticks * tickMs, residentMib: field(24) / pagesInMib };
  } catch {
    return undefined;
  }
}
