/** One line of the checklist. A `warn` may be intended; a `fail` keeps some experiment from working. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** The remedy, in one line; absent where none is needed. */
  readonly remedy?: string;
}

export function okFinding(what: string): Finding {
  return { state: 'ok', what };
}

export function warnFinding(what: string, remedy: string): Finding {
  return { state: 'warn', what, remedy };
}

export function failFinding(what: string, remedy: string): Finding {
  return { state: 'fail', what, remedy };
}

/** The message of an error, for a finding. */
export function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
