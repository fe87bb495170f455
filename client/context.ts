import type { ExitCode } from './errors.ts';
import type { Style, Terminal } from './terminal/terminal.ts';

/** Where Temporal is; what is absent comes from the standard Temporal environment and `temporal.toml`. */
export interface ConnectionFlags {
  readonly address?: string;
  readonly namespace?: string;
  /** A development server of this machine: environment and `temporal.toml` have no say. */
  readonly isLocal?: boolean;
}

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
