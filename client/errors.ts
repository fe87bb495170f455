/**
 * Why a command did not do what was asked. `usage`: the command line or a file is wrong; `notFound`: no such
 * experiment or object; `refused`: the experiment or the command's own guard says no; `noWorker`: nobody answered;
 * `unreachable`: Temporal, Kubernetes or Prometheus is; `failed`: anything else.
 */
export type ErrorKind = 'usage' | 'notFound' | 'refused' | 'noWorker' | 'unreachable' | 'failed';

export interface CommandErrorOptions extends ErrorOptions {
  /** 2 when the user must change what was typed, else 1, if absent. */
  readonly exitCode?: ExitCode;
  /** Everything that is wrong with a file, one by one; the message has them too. */
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
 * How a command ended: 0 done, 1 the answer is no, 2 the user must change something; of `assert` also 3 the answer is not
 * known yet, 4 nobody could be asked; 130 interrupted.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130;
