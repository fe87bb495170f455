/** The requests that people can make of a running experiment, by signal or by update. */
export const requestKinds = ['abort', 'approve', 'reject', 'pause', 'resume'] as const;
export type RequestKind = (typeof requestKinds)[number];

/**
 * Formats a request as far as name and reason are known: `aborted by alice: the checkout is broken` where alice is who the message says,
 * `aborted, verified: ann (group sre)` where she has proved it. Nothing that a message says can come to stand before its `by`.
 */
export function formatRequest(done: string, { by, reason, verified }: WhoAndWhy): string {
  const said = by === undefined ? '' : ` by ${isPlainName(by) ? by : JSON.stringify(by)}`;
  const who = verified === undefined ? said : `, verified: ${formatVerified(verified)}`;
  return `${done}${who}${reason === undefined ? '' : `: ${reason}`}`;
}

/** Whether a name that nobody has verified reads as nothing but a name. */
function isPlainName(by: string): boolean {
  return !/[,"\p{Cc}]|verified/iu.test(by);
}

type WhoAndWhy = Pick<HumanRequest, 'by' | 'reason' | 'verified'>;

function formatVerified({ user, group }: NonNullable<HumanRequest['verified']>): string {
  return group === undefined ? user : `${user} (group ${group})`;
}

/** All who have approved, and the reason of the last of them. */
export function formatApproval(approved: HumanRequest, approvals: readonly HumanRequest[] = []): string {
  const people = approvals.flatMap(({ verified }) => (verified === undefined ? [] : formatVerified(verified)));
  if (people.length < 2) return formatRequest('approved', approved);
  return formatRequest('approved', { ...approved, verified: { user: people.join(' and ') } });
}

/** How long after a request its proof of who makes it still counts: a worker answers at once. */
export const proofLimitMs = 300_000;

/** Between the clocks of the server that makes a proof, and of whoever gives the workflow its time, ms. */
export const clockToleranceMs = 30_000;

/** A request of a person: by whom and why, as far as the message said. `atMs` is epoch milliseconds. */
export interface HumanRequest {
  readonly by?: string;
  readonly reason?: string;
  readonly atMs: number;
  /** Who it is by a proof; without it the name is only what the message says. The group is the one that made the request count. */
  readonly verified?: { readonly user: string; readonly group?: string };
}

/** When people decided at the gate; undefined while they have not. */
export function decidedAtMs(gate: ApprovalGate | undefined): number | undefined {
  return gate?.rejected?.atMs ?? gate?.approved?.atMs;
}

/** The gate before a promotion: what people decide counts once it is open. */
export interface ApprovalGate {
  readonly openedAtMs: number;
  /** The candidate that is asked about, by index; absent where none led. */
  readonly leader?: number;
  /** The approval after which no other is needed. */
  readonly approved?: HumanRequest;
  /** Of those people who must approve, who has, where their names are verified. */
  readonly approvals?: readonly HumanRequest[];
  readonly rejected?: HumanRequest;
}
