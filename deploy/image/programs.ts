import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, cacheKey, fillOnce } from '../../sandbox/tools/cache.ts';
import { resolveGoTool, resolveTool } from '../../sandbox/tools/resolve.ts';
import { tools } from '../../sandbox/tools/table.ts';
import type { Architecture } from './architecture.ts';
import { unpackPackage } from './npm-archive.ts';

const run = promisify(execFile);

/** A program of the image. */
export interface ImageProgram {
  readonly name: 'node' | 'helm' | 'kubectl';
  readonly version: string;
  /** Where it is on this machine. */
  readonly path: string;
  /** What it was made of, as a package URL. */
  readonly packageUrl: string;
}

/**
 * The programs that serin runs, for Linux: helm and kubectl are built from the Go modules that the sandbox has them from, of which
 * `go.sum` pins every byte; Node is the one of its npm package, pinned by its integrity.
 *
 * @throws Error in one sentence when one cannot be had.
 */
export async function findPrograms(architecture: Architecture): Promise<readonly ImageProgram[]> {
  return [
    await nodeProgram(architecture),
    await goProgram('helm', 'helm.sh/helm/v3', architecture),
    await goProgram('kubectl', 'k8s.io/kubernetes', architecture),
  ];
}

async function goProgram(name: 'helm' | 'kubectl', module: string, { name: architecture, nodeName }: Architecture) {
  const path = await (nodeName === process.arch ? resolveTool(name) : resolveGoTool({ ...tools[name], architecture }));
  const { version } = tools[name];
  return { name, version, path, packageUrl: `pkg:golang/${module}@v${version}` };
}

async function nodeProgram(architecture: Architecture): Promise<ImageProgram> {
  const { nodePackage } = architecture;
  const version = nodeVersion();
  const key = cacheKey([nodePackage, version, architecture.nodeIntegrity, architecture.stripProgram], []);
  const directory = join(cacheDirectory(), 'tools', `${nodePackage}-${version}-${key}`);
  await fillOnce(directory, (temporary) => fetchNode(architecture, version, temporary));
  return { name: 'node', version, path: join(directory, 'node'), packageUrl: `pkg:npm/${nodePackage}@${version}` };
}

/** The version of Node that all tests run. */
export function nodeVersion(): string {
  // The file is our own.
  const { devDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly devDependencies: { readonly node: string };
  };
  return devDependencies.node;
}

/** Node's program without its symbol tables, which are a seventh of it. */
async function fetchNode(architecture: Architecture, version: string, directory: string): Promise<void> {
  const { nodePackage, nodeIntegrity, stripProgram } = architecture;
  await unpackPackage({ name: nodePackage, version, integrity: nodeIntegrity }, 'package/bin/node', directory);
  await run(stripProgram, [join(directory, 'node')]);
}
