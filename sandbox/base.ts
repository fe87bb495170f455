import { join } from 'node:path';
import type { Program } from './processes/messages.ts';
import type { Supervision } from './processes/supervision.ts';
import type { SandboxToolId, ToolPaths } from './tools/resolve.ts';

/** What every part of one sandbox is built on. */
export interface Base {
  readonly supervision: Supervision;
  /** State of all parts; removed when the sandbox stops. */
  readonly stateDirectory: string;
  readonly tools: ToolPaths<SandboxToolId>;
  /** A program whose log is `<state directory>/logs/<name>.log`. */
  program(name: string, command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Program;
}

/** The parts are Go's: with its own settings the API server spends half its time on the collection of garbage. */
const collector = { GOGC: '400', GOMEMLIMIT: '1GiB' };

/**
 * Builds the base; its programs get PATH and the state directory as HOME and TMPDIR, and nothing else of this process's
 * environment.
 */
export function makeBase(parts: Pick<Base, 'supervision' | 'stateDirectory' | 'tools'>): Base {
  const { stateDirectory } = parts;
  return {
    ...parts,
    program: (name, command, args, env = {}) => ({
      name,
      command,
      args,
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: stateDirectory,
        TMPDIR: stateDirectory,
        ...collector,
        ...env,
      },
      logFile: join(stateDirectory, 'logs', `${name}.log`),
      workingDirectory: stateDirectory,
    }),
  };
}
