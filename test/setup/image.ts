import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { findEngine } from '../../deploy/image/engine.ts';
import type { Engine } from '../../deploy/image/engine.ts';
import { buildImage } from '../../deploy/image/image.ts';
import { hasDebianPackages, standInBase } from '../image/stand-in-base.ts';

const run = promisify(execFile);

declare module 'vitest' {
  interface ProvidedContext {
    /** The image that was built for this run, and the engine that has it. */
    readonly image: BuiltImage;
  }
}

export interface BuiltImage {
  readonly engine: Engine;
  readonly name: string;
}

/** Builds the package, and the image of it, for the tests of a run. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const engine = await findEngine();
  if (engine === undefined) throw new Error('expected podman or docker to run the tests of the image, got neither');
  process.env['CONTAINERS_CONF'] ??= fileURLToPath(new URL('../image/containers.conf', import.meta.url));
  const { name, base } = await buildProductImage(engine, `localhost/serin-test:${process.pid}`);
  provide('image', { engine, name });
  return async () => {
    await run(engine, ['rmi', '--force', name, ...(base === undefined ? [] : [base])]);
  };
}

/**
 * Builds the package, and the image of it, without a registry where Debian's packages can be had.
 *
 * @param tag the image's name. Default: the one of its version.
 */
export async function buildProductImage(
  engine: Engine,
  tag?: string,
): Promise<{ readonly name: string; readonly base: string | undefined }> {
  await run('npm', ['run', 'build']);
  const base = (await hasDebianPackages()) ? await standInBase(engine) : undefined;
  return { name: await buildImage({ tag, base }), base };
}
