/** The guard's report to the worker about the command that it ran. */
export interface GuardReport {
  readonly outcome: CommandOutcome;
  /** The end of standard output. */
  readonly stdout: string;
  /** The end of standard error, at most 8 KiB. */
  readonly stderr: string;
  /** Whether standard output was longer than what was kept. */
  readonly isCut: boolean;
}

/** How a command ended; `code` is null when `signal` ended it. */
export type CommandOutcome =
  | {
      readonly kind: 'ended';
      readonly code: number | null;
      readonly signal: string | null;
      readonly isTimedOut: boolean;
    }
  /** It held more memory than it may, and was killed. */
  | { readonly kind: 'overMemory'; readonly memoryBytes: number }
  | { readonly kind: 'notStarted'; readonly reason: string }
  /** Its guard was killed: it may have done all, a part, or nothing. */
  | { readonly kind: 'unknown' };
