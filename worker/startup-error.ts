/** Why a worker cannot start: lines for the person who starts it, without stack traces. */
export class StartupError extends Error {
  /** 2: its configuration must be changed; 1: something that it needs is not there now. */
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
    this.exitCode = exitCode;
  }
}

/** The reason that an error gives, in one line. */
export function errorReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.replace(/\s*\n\s*/g, ' ');
}
