import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../processes/alive.ts';

/** Where built tools are kept, outside of any checkout: `$SERIN_CACHE`, `$XDG_CACHE_HOME/serin` or `~/.cache/serin`. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { SERIN_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  if (own !== undefined && own !== '') return own;
  if (shared !== undefined && shared !== '') return join(shared, 'serin');
  return join(homedir(), '.cache', 'serin');
}

/** A key that changes when anything changes that the result of a build depends on. */
export function cacheKey(parts: readonly string[], files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of [...parts, process.platform, process.arch]) hash.update(part).update('\0');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/**
 * Fills a folder of the cache once, even when several processes ask for it at the same time: `fill` gets an empty folder
 * beside it, which takes the final name only when it is complete.
 */
export async function fillOnce(directory: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  if (await exists(directory)) return;
  await mkdir(dirname(directory), { recursive: true });
  await withLock(`${directory}.lock`, async () => {
    if (await exists(directory)) return;
    await removeUnfinished(directory);
    const temporary = `${directory}.${process.pid}.tmp`;
    await mkdir(temporary);
    try {
      await fill(temporary);
      await rename(temporary, directory);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

/** Removes what builds have left whose process ended before them. */
async function removeUnfinished(directory: string): Promise<void> {
  const siblings = await readdir(dirname(directory));
  for (const name of siblings.filter((sibling) => sibling.startsWith(`${basename(directory)}.`))) {
    const [, owner] = /\.(\d+)\.tmp$/.exec(name) ?? [];
    if (owner === undefined || isAlive(Number(owner))) continue;
    await rm(join(dirname(directory), name), { recursive: true, force: true });
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  while (!(await tryLock(path))) await delay(200);
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    await breakStaleLock(path);
    return false;
  }
}

// A lock only saves work, the rename keeps the cache whole: a lock broken by mistake costs a second build, no more.
async function breakStaleLock(path: string): Promise<void> {
  const holder = await readFile(path, 'utf8').catch(() => undefined);
  // Its writer has made the file but not yet written its id.
  if (holder === undefined || holder === '') return;
  if (!isAlive(Number(holder))) await rm(path, { force: true });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
