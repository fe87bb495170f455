import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PodProgram } from './program-pods.ts';
import type { ToolPaths, SandboxToolId } from '../tools/resolve.ts';

const checkout = new URL('../../', import.meta.url);

/** Where the image has what is built of this checkout. */
const built = '/opt/serin/dist/';

/** What a container of serin's image runs: the entry point of `deploy/Dockerfile`, from this checkout. */
const entryPoint: readonly string[] = [process.execPath, source('worker/main.ts')];

/** The command of serin's image, and its `PATH`, on which are Node and helm. */
export function productProgram({ helm }: ToolPaths<SandboxToolId>): PodProgram {
  const [command = '', ...args] = entryPoint;
  const locate = (path: string): string | undefined =>
    path.startsWith(built) ? source(path.slice(built.length).replace(/\.js$/, '.ts')) : undefined;
  return { command, args, locate, path: [dirname(helm), dirname(process.execPath), '/usr/bin', '/bin'].join(':') };
}

function source(path: string): string {
  return fileURLToPath(new URL(path, checkout));
}
