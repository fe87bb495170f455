import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One version of an npm package, pinned by its integrity. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/**
 * Unpacks a file or folder of a package, named by its path in the archive, into `directory`, without the folders above it.
 *
 * @throws Error when the package is not the pinned one.
 */
export async function unpackPackage(
  { name, version, integrity: expected }: PinnedPackage,
  path: string,
  directory: string,
): Promise<void> {
  const pack = ['pack', `${name}@${version}`, '--silent', '--pack-destination', directory];
  const { stdout } = await run('npm', pack);
  const archive = join(directory, stdout.trim());
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (integrity !== expected) {
    throw new Error(`${name} ${version}: expected the integrity ${expected}, got ${integrity}`);
  }
  const above = path.split('/').length - 1;
  await run('tar', ['-xzf', archive, '-C', directory, `--strip-components=${above}`, path]);
  await rm(archive);
}
