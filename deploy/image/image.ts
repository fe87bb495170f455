import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findArchitecture } from './architecture.ts';
import type { Architecture } from './architecture.ts';
import { engineCommand, findEngine } from './engine.ts';
import { copyProduct } from './product.ts';
import { findPrograms } from './programs.ts';
import { billOfMaterials } from './sbom.ts';

const run = promisify(execFile);

const checkout = fileURLToPath(new URL('../../', import.meta.url));

export interface ImageRequest {
  /** `amd64` or `arm64`; default: this machine's. */
  readonly architecture?: string | undefined;
  /** The image's name; default: `serin:VERSION`. */
  readonly tag?: string | undefined;
  /** Stands in for the base image that the Dockerfile names. */
  readonly base?: string | undefined;
}

/**
 * Builds the image of what `npm run build` has built, with podman or docker.
 *
 * @returns its name.
 * @throws Error in one sentence when something that it needs is missing.
 */
export async function buildImage({ architecture: name, tag, base }: ImageRequest): Promise<string> {
  const architecture = findArchitecture(name);
  const engine = await findEngine();
  if (engine === undefined) throw new Error('expected podman or docker to build the image with, got neither');
  const { version } = await readManifest();
  const image = tag ?? `serin:${version}`;
  const context = await mkdtemp(join(tmpdir(), 'serin-image-'));
  try {
    await assembleContext(architecture, context);
    await engineCommand(engine, [
      'build',
      `--platform=linux/${architecture.name}`,
      `--file=${join(checkout, 'deploy/Dockerfile')}`,
      `--tag=${image}`,
      `--build-arg=VERSION=${version}`,
      `--build-arg=REVISION=${await revision()}`,
      ...(base === undefined ? [] : [`--build-arg=BASE=${base}`]),
      // Only Docker's form has a health check; and podman keeps the image of each step otherwise.
      ...(engine === 'podman' ? ['--format=docker', '--layers=false'] : []),
      context,
    ]);
    return image;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Makes the tree of the image's files, in the folders that the Dockerfile copies. */
async function assembleContext(architecture: Architecture, context: string): Promise<void> {
  if (!existsSync(join(checkout, 'dist/worker/main.js'))) {
    throw new Error('expected dist/ with the built package, got none: npm run build');
  }
  const programs = await findPrograms(architecture);
  await mkdir(join(context, 'bin'));
  for (const { name, path } of programs) await copyFile(path, join(context, 'bin', name));
  const files = await copyProduct(checkout, architecture, join(context, 'serin'));
  const bill = await billOfMaterials(checkout, files, programs);
  await writeFile(join(context, 'serin/sbom.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`);
  await writeSystemFiles(join(context, 'system'));
}

/** What a user, TLS and temporary files need where there is no distribution. */
async function writeSystemFiles(directory: string): Promise<void> {
  await mkdir(join(directory, 'etc/ssl/certs'), { recursive: true });
  await mkdir(join(directory, 'tmp'));
  await chmod(join(directory, 'tmp'), 0o1777);
  await writeFile(join(directory, 'etc/passwd'), 'serin:x:65532:65532::/home/serin:/\n');
  await writeFile(join(directory, 'etc/group'), 'serin:x:65532:\n');
  // Mozilla's authorities, as the pinned Node has them.
  await writeFile(join(directory, 'etc/ssl/certs/ca-certificates.crt'), `${rootCertificates.join('\n')}\n`);
}

async function readManifest(): Promise<{ readonly version: string }> {
  // The file is our own.
  return JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as { readonly version: string };
}

/** The commit that the image is built from; `unknown` outside of a repository. */
async function revision(): Promise<string> {
  return run('git', ['rev-parse', 'HEAD'], { cwd: checkout }).then(
    ({ stdout }) => stdout.trim(),
    () => 'unknown',
  );
}
