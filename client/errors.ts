/**
 * Why a command did not do what was asked. `usage`: the command line or a file is wrong; `notFound`: no such experiment or
 * object; `refused`: the experiment or the command's own guard says no; `noWorker`: no worker answered; `unreachable`:
 * Temporal, Kubernetes or Prometheus did not answer; `failed`: anything else.
 */
export type ErrorKind = 'usage' | 'notFound' | 'refused' | 'noWorker' | 'unreachable' | 'failed';

export interface CommandErrorOptions extends ErrorOptions {
  /** If absent, 2 for `usage` and 1 for all other kinds. */
  readonly exitCode?: ExitCode;
  /** The issues of a file, one by one; the message lists them too. */
  readonly issues?: readonly string[];
}

/** A failure in one clear sentence: what happened, to which object, what to do. */
export class CommandError extends Error {
  readonly kind: ErrorKind;
  readonly issues: readonly string[] | undefined;
  readonly exitCode: ExitCode;

  constructor(kind: ErrorKind, message: string, { issues, exitCode, ...options }: CommandErrorOptions = {}) {
    super(message, options);
    this.issues = issues;
    this.name = 'CommandError';
    this.kind = kind;
    this.exitCode = exitCode ?? (kind === 'usage' ? 2 : 1);
  }
}

/**
 * How a command ended: 0 done, 1 the answer is no, 2 the user must change something; from `assert` also 3 the answer is not
 * known yet, 4 the experiment cannot be found or read; 130 interrupted.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130;
