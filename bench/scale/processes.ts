import { readdirSync } from 'node:fs';
import type { SupervisedProcess } from '../../sandbox/processes/supervision.ts';
import { readMemoryMib, readProcessTime } from '../process-usage.ts';
import type { ProcessTime, Usage } from '../process-usage.ts';

/** The usage of each program by name, at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly usages: ReadonlyMap<string, Usage>;
}

/** Reads the usage of the programs, each of which is a process group with its descendants: those of PostgreSQL have groups of their own. */
function readSample(processes: readonly SupervisedProcess[]): Sample {
  const groups = new Map(processes.map(({ pid, name }) => [pid, name]));
  const usages = new Map<string, Usage>();
  const times = readTimes();
  const findProgram = (pid: number): string | undefined => {
    const time = times.get(pid);
    return time && (groups.get(time.group) ?? findProgram(time.parent));
  };
  for (const [pid, { cpuMs }] of times) {
    const name = findProgram(pid);
    if (name === undefined) continue;
    const before = usages.get(name) ?? { cpuMs: 0, memoryMib: 0 };
    usages.set(name, { cpuMs: before.cpuMs + cpuMs, memoryMib: before.memoryMib + readMemoryMib(pid) });
  }
  return { atMs: Date.now(), usages };
}

/** All processes by their ids. */
function readTimes(): ReadonlyMap<number, ProcessTime> {
  const ids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const found = ids.map((id) => [id, readProcessTime(id)] as const);
  return new Map(found.flatMap(([id, time]) => (time === undefined ? [] : [[id, time] as const])));
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
