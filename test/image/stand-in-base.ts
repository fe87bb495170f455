import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../../deploy/image/engine.ts';
import { cacheDirectory, cacheKey, fillOnce } from '../../sandbox/tools/cache.ts';

const run = promisify(execFile);

/** What the image takes files of. */
const packages = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'].join(',');

/**
 * An image of the same Debian packages as the base image has, from apt's own sources: where mmdebstrap is installed, no registry is
 * needed. Undefined elsewhere, where the base image has to be pulled.
 */
export async function standInBase(engine: Engine): Promise<string | undefined> {
  const hasProgram = await run('mmdebstrap', ['--version']).then(
    () => true,
    () => false,
  );
  if (!hasProgram) return undefined;
  const key = cacheKey([packages], []);
  const directory = join(cacheDirectory(), 'images', `bookworm-${key}`);
  await fillOnce(directory, async (temporary) => {
    const archive = join(temporary, 'root.tar');
    await run('mmdebstrap', ['--quiet', '--variant=extract', `--include=${packages}`, 'bookworm', archive]);
  });
  const name = `localhost/serin-base:${key}`;
  await run(engine, ['import', join(directory, 'root.tar'), name]);
  return name;
}
