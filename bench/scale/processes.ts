import { readFileSync, readdirSync } from 'node:fs';
import type { SupervisedProcess } from '../../sandbox/processes/supervision.ts';

/** What a program and all that it has started have used. */
export interface Usage {
  readonly cpuMs: number;
  /** Of its largest process: the others of a worker are npm and commands. */
  readonly residentMib: number;
}

/** The usage of each program by name, at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly usages: ReadonlyMap<string, Usage>;
}

/** Linux shows times in hundredths of a second, and memory in pages (proc_pid_stat(5)). */
const tickMs = 10;
const pagesInMib = 256;

/** Reads the usage of the programs, each of which is a process group. */
function readSample(processes: readonly SupervisedProcess[]): Sample {
  const groups = new Map(processes.map(({ pid, name }) => [pid, name]));
  const usages = new Map<string, Usage>();
  for (const { group, cpuMs, residentMib } of listProcesses()) {
    const name = groups.get(group);
    if (name === undefined) continue;
    const before = usages.get(name) ?? { cpuMs: 0, residentMib: 0 };
    usages.set(name, { cpuMs: before.cpuMs + cpuMs, residentMib: Math.max(before.residentMib, residentMib) });
  }
  return { atMs: Date.now(), usages };
}

interface Process extends Usage {
  readonly group: number;
}

function listProcesses(): readonly Process[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? readProcess(entry) : []));
}

function readProcess(pid: string): readonly Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may have spaces. The fields after it begin with the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + field(number), 0);
    return [{ group: field(5), cpuMs: ticks * tickMs, residentMib: field(24) / pagesInMib }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

/** Samples once a second until it is stopped. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(processes: readonly SupervisedProcess[]) {
    const sample = (): void => void this.samples.push(readSample(processes));
    sample();
    this.#timer = setInterval(sample, 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The first sample after `fromMs` and the last before `toMs`; fails where these are not two. */
  window(fromMs: number, toMs: number): readonly [Sample, Sample] {
    const within = this.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    const [first, last] = [within.at(0), within.at(-1)];
    if (first === undefined || last === undefined || first === last) {
      throw new Error(`no two samples between ${new Date(fromMs).toISOString()} and ${new Date(toMs).toISOString()}`);
    }
    return [first, last];
  }
}

/** The CPU of each program between two samples, ms. */
export function cpuBetween([before, after]: readonly [Sample, Sample]): ReadonlyMap<string, number> {
  return new Map([...after.usages].map(([name, { cpuMs }]) => [name, cpuMs - (before.usages.get(name)?.cpuMs ?? 0)]));
}
