import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SandboxToolId, ToolPaths } from './tools/resolve.ts';

const run = promisify(execFile);

/** Runs a program with the arguments and returns its standard output. */
type Command = (...args: readonly string[]) => Promise<string>;

/** The command line programs of a user of the sandbox; each returns its standard output. */
export interface Commands {
  /** `kubectl`, with an administrator's rights. */
  readonly kubectl: Command;
  /** `kubectl apply` of manifests given as text, with more options if given. */
  readonly apply: (manifests: string, ...options: readonly string[]) => Promise<string>;
  /** `helm`, with an administrator's rights. */
  readonly helm: Command;
  /** `temporal`, for the sandbox's server. */
  readonly temporalCommand: Command;
}

/** Builds the commands for a cluster and a Temporal server; a command that fails rejects. */
export function makeCommands(
  tools: ToolPaths<SandboxToolId>,
  addresses: { readonly kubeconfig: string; readonly temporalAddress: string },
): Commands {
  const env = { ...process.env, KUBECONFIG: addresses.kubeconfig, TEMPORAL_ADDRESS: addresses.temporalAddress };
  const command =
    (path: string) =>
    (args: readonly string[], input = '') =>
      output({ path, args, env, input });
  const [kubectl, helm, temporal] = [command(tools.kubectl), command(tools.helm), command(tools.temporal)];
  return {
    kubectl: (...args) => kubectl(args),
    apply: (manifests, ...options) => kubectl(['apply', '-f', '-', ...options], manifests),
    helm: (...args) => helm(args),
    temporalCommand: (...args) => temporal(args),
  };
}

interface Call {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly input: string;
}

async function output({ path, args, env, input }: Call): Promise<string> {
  const running = run(path, args, { env, maxBuffer: 64 * 1024 * 1024 });
  // A program that ends before it has read its input says why by itself.
  running.child.stdin?.on('error', () => undefined).end(input);
  const { stdout } = await running;
  return stdout;
}
