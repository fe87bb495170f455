import { siblingModule } from '../core/text/sibling-module.ts';
import { BoundedProcesses, LimitExceeded } from './bounded-processes.ts';
import type { ReadingRequest, Readings } from './readings.ts';
import type { ExperimentReading } from '../formats/manifest/parse.ts';

/** What a manifest's limits let through takes a fraction of a second, but the machine may be busy. */
const processes = new BoundedProcesses(new URL(siblingModule(import.meta.url, './readings')), {
  processes: 2,
  limitMs: 30_000,
  heapMiB: 512,
  idleMs: 60_000,
});

/**
 * Reads what others wrote in a process of its own, so that what takes too long, or too much memory, stops nothing else.
 *
 * @param name one of the functions of `readings.ts`; its arguments follow. Fails as it does, or as `LimitExceeded`.
 */
export async function readApart<K extends keyof Readings>(
  name: K,
  ...args: Parameters<Readings[K]>
): Promise<ReturnType<Readings[K]>> {
  return (await processes.ask({ name, args } satisfies ReadingRequest)) as ReturnType<Readings[K]>;
}

/** Reads a manifest as `parseManifest` does; one that goes beyond the limits is invalid as a whole. */
export async function parseManifestApart(
  ...[input, file]: Parameters<Readings['parseManifest']>
): Promise<ExperimentReading> {
  try {
    return await readApart('parseManifest', input, file);
  } catch (error) {
    if (!(error instanceof LimitExceeded)) throw error;
    const issue = { file, path: '(document)', expected: 'a manifest that is read in a moment', got: error.taken };
    return { kind: 'invalid', issues: [issue] };
  }
}
