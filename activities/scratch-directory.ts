import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from './failures.ts';

/**
 * Calls `use` with a new directory, which is removed afterwards; fails as `DiskFull` where there is no space.
 *
 * @param name is a part of the directory's name.
 */
export async function inScratchDirectory<T>(name: string, use: (directory: string) => Promise<T>): Promise<T> {
  try {
    const directory = await mkdtemp(join(tmpdir(), `serin-${name}-`));
    try {
      return await use(directory);
    } finally {
      await remove(directory);
    }
  } catch (error) {
    throw isFull(error) ? diskFull(error) : error;
  }
}

/** No space, or no room for another file (`df -i`), or no more than a quota allows. */
const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

function isFull(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && fullCodes.includes(error.code);
}

function diskFull(cause: Error): Error {
  const remedy = `the worker needs more room in ${tmpdir()} (TMPDIR)`;
  return failure('DiskFull', { message: `the worker's disk is full: ${cause.message}; ${remedy}`, cause });
}

/** What a command has made read-only is removed too. What cannot be removed is left: it changes no result. */
async function remove(directory: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 3 };
  await rm(directory, options)
    .catch(() => openFolders(directory).then(() => rm(directory, options)))
    .catch(() => undefined);
}

async function openFolders(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await openFolders(join(directory, entry.name));
}
