import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SandboxToolId, ToolPaths } from './tools/resolve.ts';

const run = promisify(execFile);

/** The command line programs of a user of the sandbox; each returns its standard output. */
export interface Commands {
  /** `kubectl`, with an administrator's rights. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** `helm`, with an administrator's rights. */
  helm(...args: readonly string[]): Promise<string>;
  /** `temporal`, for the sandbox's server. */
  temporalCommand(...args: readonly string[]): Promise<string>;
}

export function makeCommands(
  tools: ToolPaths<SandboxToolId>,
  addresses: { readonly kubeconfig: string; readonly temporalAddress: string },
): Commands {
  const env = { ...process.env, KUBECONFIG: addresses.kubeconfig, TEMPORAL_ADDRESS: addresses.temporalAddress };
  const command =
    (path: string) =>
    async (...args: readonly string[]) => {
      const { stdout } = await run(path, args, { env, maxBuffer: 64 * 1024 * 1024 });
      return stdout;
    };
  return { kubectl: command(tools.kubectl), helm: command(tools.helm), temporalCommand: command(tools.temporal) };
}
