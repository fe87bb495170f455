import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls `use` with a new directory, which is removed afterwards. @param name is a part of the directory's name. */
export async function inScratchDirectory<T>(name: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `serin-${name}-`));
  try {
    return await use(directory);
  } finally {
    await remove(directory);
  }
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
