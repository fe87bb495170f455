/** The requests that people can make of a running experiment, by signal or by update. */
export const requestKinds = ['abort', 'approve', 'reject', 'pause', 'resume'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** Formats a request, `aborted by alice: the checkout is broken`, as far as name and reason are known. */
export function formatRequest(done: string, { by, reason }: Pick<HumanRequest, 'by' | 'reason'>): string {
  return `${done}${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`;
}

/** A request of a person: by whom and why, as far as the message said. `atMs` is epoch milliseconds. */
export interface HumanRequest {
  readonly by?: string;
  readonly reason?: string;
  readonly atMs: number;
}

/** The gate before a promotion: what people decide counts once it is open. */
export interface ApprovalGate {
  readonly openedAtMs: number;
  readonly approved?: HumanRequest;
  readonly rejected?: HumanRequest;
}
