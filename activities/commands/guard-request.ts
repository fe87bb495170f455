import type { CommandUser } from './bounds.ts';

/** What the worker asks of the guard: one line of JSON on its standard input, which then stays open as long as the worker lives. */
export interface GuardRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the command, without the mark. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it runs. */
  readonly directory: string;
  readonly limitMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly outputBytes: number;
  readonly memoryBytes: number;
  readonly user?: CommandUser;
  /** By which what it starts is found again. */
  readonly mark: string;
}
