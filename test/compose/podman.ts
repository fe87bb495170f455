import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../../deploy/image/engine.ts';
import { cacheDirectory, cacheKey, fillOnce } from '../../sandbox/tools/cache.ts';

const run = promisify(execFile);
const program: Engine = 'podman';

/** The variables by which podman, and what it starts, has its images apart: they have names such as `postgres` without being what the user has by it. */
export type PodmanVariables = Readonly<Record<'CONTAINERS_CONF' | 'CONTAINERS_STORAGE_CONF', string>>;

/** Settles where podman keeps those images, in the cache, and how it runs containers. */
export async function preparePodman(): Promise<PodmanVariables> {
  const directory = join(cacheDirectory(), 'compose');
  await mkdir(directory, { recursive: true });
  const storage = join(directory, 'storage.conf');
  const roots = [`graphroot = "${join(directory, 'images')}"`, `runroot = "${join(directory, 'run')}"`];
  await writeFile(storage, `${['[storage]', 'driver = "overlay"', ...roots].join('\n')}\n`);
  return { CONTAINERS_CONF: join(import.meta.dirname, 'containers.conf'), CONTAINERS_STORAGE_CONF: storage };
}

/** Runs podman, and returns what it prints. */
export async function podman(...args: readonly string[]): Promise<string> {
  return (await run(program, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

/** The path of Podman Compose, from Python's registry. */
export async function findPodmanCompose(): Promise<string> {
  const requirements = join(import.meta.dirname, 'requirements.txt');
  const directory = join(cacheDirectory(), 'tools', `podman-compose-${cacheKey([], [requirements])}`);
  await fillOnce(directory, async (temporary) => {
    const options = [
      '--quiet',
      '--no-deps',
      '--require-hashes',
      `--target=${temporary}`,
      `--requirement=${requirements}`,
    ];
    await run('python3', ['-m', 'pip', 'install', ...options]);
  });
  return join(directory, 'podman_compose.py');
}
