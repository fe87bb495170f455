import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { minify } from '@swc/core';
import { nodeFileTrace } from '@vercel/nft';
import type { Architecture } from './architecture.ts';

const run = promisify(execFile);

/** Temporal's SDK loads it to bundle workflows; the package has theirs already, so nothing calls it. */
const bundler = 'node_modules/webpack';

/** Only the bundler would load these. */
const bundlerParts = ['node_modules/@swc/**', 'node_modules/swc-loader/**'];

/** Generated sources of a Kubernetes client, two thirds of which are comments and spaces. */
const generatedCode = 'node_modules/@kubernetes/client-node/dist/gen/';

/**
 * Copies into `directory` what runs of a checkout that `npm run build` has built: the files of the npm package, and those of its
 * dependencies that they load on `architecture`.
 *
 * @returns the paths of the files, in the checkout and in the copy.
 */
export async function copyProduct(
  checkout: string,
  architecture: Architecture,
  directory: string,
): Promise<readonly string[]> {
  const packaged = await packagedFiles(checkout);
  const loaded = await loadedFiles(checkout, packaged);
  const files = [...new Set([...packaged, ...loaded, nativePart(architecture)])].toSorted();
  for (const file of files) await copyInto(directory, checkout, file);
  await writeBundlerStandIn(join(directory, bundler));
  return files;
}

async function packagedFiles(checkout: string): Promise<readonly string[]> {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await run('npm', pack, { cwd: checkout, maxBuffer: 16 * 1024 * 1024 });
  // The form of npm's answer.
  const packages = JSON.parse(stdout) as readonly { readonly files: readonly { readonly path: string }[] }[];
  return packages.flatMap(({ files }) => files.map(({ path }) => path));
}

/** What the modules among `files` load, directly or indirectly, and the manifests of the packages that it is in. */
async function loadedFiles(checkout: string, files: readonly string[]): Promise<readonly string[]> {
  const modules = files.filter((file) => file.endsWith('.js')).map((file) => join(checkout, file));
  // In a checkout, `bin/` prefers the sources.
  const ignore = [`${bundler}/**`, ...bundlerParts, '**/core-bridge/releases/**', '*/**/*.ts'];
  const { fileList } = await nodeFileTrace(modules, { base: checkout, ignore });
  return [...fileList];
}

/** The SDK finds it by the platform, which cannot be traced. */
function nativePart({ temporalTarget }: Architecture): string {
  return `node_modules/@temporalio/core-bridge/releases/${temporalTarget}/index.node`;
}

async function copyInto(directory: string, checkout: string, file: string): Promise<void> {
  const [source, target] = [join(checkout, file), join(directory, file)];
  await mkdir(dirname(target), { recursive: true });
  if (!file.startsWith(generatedCode) || !file.endsWith('.js')) return copyFile(source, target);
  const { code } = await minify(await readFile(source, 'utf8'), { compress: false, mangle: false, module: true });
  await writeFile(target, code);
}

async function writeBundlerStandIn(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const message = 'the image bundles no workflows: SERIN_WORKFLOW_BUNDLE names a bundle that was made elsewhere';
  await writeFile(
    join(directory, 'index.js'),
    `exports.webpack = () => {\n  throw new Error(${JSON.stringify(message)});\n};\n`,
  );
}
