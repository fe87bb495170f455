import type { ConnectionFlags } from './connection.ts';
import type { Style, Terminal } from './terminal.ts';

/** `json` prints exactly one document on the standard output (`watch` and `get --watch`: one a line). */
export type OutputFormat = 'text' | 'wide' | 'json' | 'yaml';

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly style: Style;
  readonly output: OutputFormat;
  readonly connection: ConnectionFlags;
  /** How the user calls this program: `serin` or `temporal serin`. */
  readonly program: string;
}

/**
 * How a command ended: 0 done, 1 the answer is no, 2 the user must change something; of `assert` also 3 the answer is not
 * known yet, 4 nobody could be asked; 130 interrupted.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130;

export interface CommandResult {
  readonly exitCode: ExitCode;
  /** The result for programs; commands that print documents themselves leave it out. */
  readonly json?: unknown;
}

/** Prints lines for people; programs that asked for JSON do not see them. */
export function say({ terminal, output }: CommandContext, ...lines: readonly string[]): void {
  if (output !== 'json') for (const line of lines) terminal.write(`${line}\n`);
}

/** Prints lines beside the result: warnings and what is being waited for. */
export function remark({ terminal, output }: CommandContext, ...lines: readonly string[]): void {
  if (output !== 'json') for (const line of lines) terminal.writeError(`${line}\n`);
}
