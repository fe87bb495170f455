import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../errors.ts';

/** Where serin keeps what outlives its processes (https://specifications.freedesktop.org/basedir/). */
export function defaultStateDirectory(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'serin');
}

/**
 * The directory of one cluster and one Temporal: a run goes on only where it was begun, and names its Temporal by the address.
 *
 * @param server the URL of the Kubernetes API.
 */
export function devDirectory(state: string, { server, temporal }: { server: string; temporal: string }): string {
  return join(state, 'dev', fileName(server.replace(/^https?:\/\//, '')), fileName(temporal));
}

function fileName(text: string): string {
  return text.replace(/[^\w.]+/g, '-').replace(/-$/, '');
}

/** Makes the directory and keeps others from using it for as long as `use` takes. */
export async function withDirectory<T>(directory: string, use: () => Promise<T>): Promise<T> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = join(directory, 'pid');
  await takeLock(directory, lock);
  try {
    return await use();
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(directory: string, lock: string): Promise<void> {
  const isTaken = await writeFile(lock, String(process.pid), { flag: 'wx' }).then(
    () => true,
    () => false,
  );
  if (isTaken) return;
  const owner = (await readFile(lock, 'utf8')).trim();
  if (isAlive(Number(owner))) {
    const remedy = 'end it, or use another --port or --state';
    throw new CommandError('refused', `${directory} is used by another serin dev, process ${owner}: ${remedy}`);
  }
  await rm(lock, { force: true });
  await takeLock(directory, lock);
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
