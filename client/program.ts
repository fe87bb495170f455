import { CommanderError } from 'commander';
import { KubernetesFailure } from '../kubernetes/failure.ts';
import { buildCommands } from './command-line.ts';
import type { Invocation } from './command-line.ts';
import { CommandError } from './errors.ts';
import { terminalStyle, visibleTerminal } from './terminal/terminal.ts';
import type { Terminal, TerminalDevice } from './terminal/terminal.ts';

/** Runs one command line, and returns its exit code, see `ExitCode`. */
export async function run(args: readonly string[], device: TerminalDevice, program: string): Promise<number> {
  const terminal = visibleTerminal(device);
  const wantsJson = asksForJson(args);
  let exitCode = 0;
  let complaint = '';
  const execute = async (invocation: Invocation): Promise<void> => {
    exitCode = await carryOut(invocation, terminal, program);
  };
  const output = {
    writeOut: terminal.write,
    writeErr: (text: string) => void (complaint += text),
    getOutHelpWidth: () => terminal.size().columns,
    getErrHelpWidth: () => terminal.size().columns,
  };
  const commands = buildCommands(program, output, execute);
  try {
    await commands.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (wantsJson) printJson(terminal, { error: { kind: 'usage', message: error.message.replace(/^error: /, '') } });
    else terminal.writeError(complaint);
    return 2;
  }
}

async function carryOut(
  { action, output, connection }: Invocation,
  terminal: Terminal,
  program: string,
): Promise<number> {
  try {
    const { exitCode, json } = await action({ terminal, style: terminalStyle(terminal), output, connection, program });
    if (output === 'json' && json !== undefined) printJson(terminal, json);
    return exitCode;
  } catch (error) {
    const { kind, message, issues, exitCode } = explained(error);
    if (output === 'json') printJson(terminal, { error: { kind, message, issues } });
    else terminal.writeError(`${program}: ${message}\n`);
    return exitCode;
  }
}

/**
 * Any error as a `CommandError`: commands explain the failures that they know; anything else is a bug, reported without its
 * stack.
 */
function explained(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof KubernetesFailure) {
    const kind = error.kind === 'busy' ? 'unreachable' : error.kind;
    return new CommandError(kind, error.message, { cause: error });
  }
  return new CommandError('failed', error instanceof Error ? error.message : String(error), { cause: error });
}

/** Whether the arguments ask for JSON, found before they are parsed, so that usage errors can be printed as JSON too. */
function asksForJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) =>
      /^(--output=|-o=?)json$/.test(arg) || (arg === 'json' && /^(-o|--output)$/.test(args[index - 1] ?? '')),
  );
}

function printJson(terminal: Terminal, value: unknown): void {
  terminal.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
