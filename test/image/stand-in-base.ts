import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../../deploy/image/engine.ts';
import { cacheDirectory, cacheKey, fillOnce } from '../../sandbox/tools/cache.ts';

const run = promisify(execFile);

const packages = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'].join(',');

/** Whether images can be made of Debian's packages here, from apt's own sources: then no registry is needed. */
export async function hasDebianPackages(): Promise<boolean> {
  return run('mmdebstrap', ['--version']).then(
    () => true,
    () => false,
  );
}

/** An image of the Debian packages that serin's image takes files of, in the place of its base; the cache keeps its files. */
export async function standInBase(engine: Engine): Promise<string> {
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
