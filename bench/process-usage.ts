import { readFileSync } from 'node:fs';

/** What a program and all that it has started have used. */
export interface Usage {
  readonly cpuMs: number;
  /** In memory, MiB; what several processes share counts for each in part. */
  readonly memoryMib: number;
}

/** What one process, and what it has waited for, have used. */
export interface ProcessTime extends Pick<Usage, 'cpuMs'> {
  readonly group: number;
  readonly parent: number;
}

/** Linux shows times in hundredths of a second (proc_pid_stat(5)). */
const tickMs = 10;

/** Reads what a process has used until now; undefined where it has ended. */
export function readProcessTime(pid: number): ProcessTime | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may have spaces. The fields after it begin with the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + field(number), 0);
    return { group: field(5), parent: field(4), cpuMs: ticks * tickMs };
  } catch {
    return undefined;
  }
}

/** The proportional set size of a process (proc_pid_smaps(5)), MiB; 0 where it has ended. */
export function readMemoryMib(pid: number): number {
  try {
    const [, kib = '0'] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kib) / 1024;
  } catch {
    return 0;
  }
}
