/**
 * Why a command did not do what was asked. `usage`: the command line or a file is wrong; `notFound`: no such
 * experiment or object; `refused`: the experiment or the command's own guard says no; `noWorker`: nobody answered;
 * `unreachable`: Temporal or Kubernetes is; `failed`: anything else.
 */
export type ErrorKind = 'usage' | 'notFound' | 'refused' | 'noWorker' | 'unreachable' | 'failed';

/** A failure in one clear sentence: what happened, to which object, what to do. */
export class CommandError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.kind = kind;
  }

  /** 2 when the user must change what was typed, else 1. */
  get exitCode(): number {
    return this.kind === 'usage' ? 2 : 1;
  }
}
