import { readdirSync } from 'node:fs';
import type { SupervisedProcess } from '../../sandbox/processes/supervision.ts';
import { readMemoryMib, readProcessTime } from '../process-usage.ts';
import type { Usage } from '../process-usage.ts';

/** The usage of each program by name, at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly usages: ReadonlyMap<string, Usage>;
}

/** Reads the usage of the programs, each of which is a process group. */
function readSample(processes: readonly SupervisedProcess[]): Sample {
  const groups = new Map(processes.map(({ pid, name }) => [pid, name]));
  const usages = new Map<string, Usage>();
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const time = readProcessTime(pid);
    const name = time && groups.get(time.group);
    if (time === undefined || name === undefined) continue;
    const before = usages.get(name) ?? { cpuMs: 0, memoryMib: 0 };
    usages.set(name, { cpuMs: before.cpuMs + time.cpuMs, memoryMib: before.memoryMib + readMemoryMib(pid) });
  }
  return { atMs: Date.now(), usages };
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
