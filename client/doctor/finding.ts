/** One line of the checklist. A `warn` may be as it should be; a `fail` keeps some experiment from working. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What mends it, in one line; absent where nothing has to be done. */
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

/** What an error says, for a finding. */
export function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
