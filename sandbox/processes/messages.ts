/**
 * A request of the runner to its supervisor. `id` names a process for the supervisor's whole life; it is never used twice.
 */
export type SupervisorRequest =
  | { readonly kind: 'spawn'; readonly id: number; readonly program: Program }
  | { readonly kind: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }
  | { readonly kind: 'stop' };

/** A notice of the supervisor to its runner. */
export type SupervisorNotice =
  | { readonly kind: 'spawned'; readonly id: number; readonly pid: number }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string }
  | ({ readonly kind: 'exited'; readonly id: number } & ProcessExit);

/** A program to run: no shell, standard input closed, both outputs appended to `logFile`. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the program; nothing is inherited beside it. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly workingDirectory?: string;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}
