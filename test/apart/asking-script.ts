/** A process that asks what has no end, for `bounded-processes.test.ts`. */
import { BoundedProcesses } from '../../apart/bounded-processes.ts';

const script = new URL('./slow-script.ts', import.meta.url);
await new BoundedProcesses(script, { processes: 1, limitMs: 600_000, heapMiB: 64, idleMs: 60_000 }).ask('loop');
