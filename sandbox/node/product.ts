import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PodProgram } from './program-pods.ts';
import type { ToolPaths, SandboxToolId } from '../tools/resolve.ts';

/** What a container of serin's image runs: the entry point of `deploy/Dockerfile`, from this checkout. */
const entryPoint: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../worker/main.ts', import.meta.url)),
];

/** The command of serin's image, and its `PATH`, on which are Node and helm. */
export function productProgram({ helm }: ToolPaths<SandboxToolId>): PodProgram {
  const [command = '', ...args] = entryPoint;
  return { command, args, path: [dirname(helm), dirname(process.execPath), '/usr/bin', '/bin'].join(':') };
}
