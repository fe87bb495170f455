import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file system of a worker's own for its temporary files. */
export interface Disk {
  readonly path: string;
  /** Takes all the space that is left. */
  readonly fill: () => Promise<void>;
  readonly empty: () => Promise<void>;
  readonly unmount: () => Promise<void>;
}

/** Mounts a file system in memory, of 16 MB; undefined where this user may not. */
export async function mountDisk(path: string): Promise<Disk | undefined> {
  await mkdir(path, { recursive: true });
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=1777', 'tmpfs', path]).then(
    () => true,
    () => false,
  );
  if (!isMounted) return undefined;
  const ballast = join(path, 'ballast');
  return {
    path,
    // Ends with "no space left on device", having written what there was room for.
    fill: () => writeFile(ballast, Buffer.alloc(32 * 1024 * 1024)).catch(() => undefined),
    empty: () => rm(ballast, { force: true }),
    unmount: async () => {
      await run('umount', ['--lazy', path]);
    },
  };
}
