import { formatInstant } from '../text/instant.ts';
import { leaseAnnotations } from './target.ts';

/** Identifies one experiment across continue-as-new and across Temporal services. */
export interface LeaseHolder {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly workflowId: string;
  readonly firstRunId: string;
}

/** The content of a target's Lease. */
export interface LeaseFacts {
  readonly holderIdentity?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** How long an activity of the holder may outlive its run. */
  readonly durationSeconds?: number;
}

/** An activity of a run that has ended may go on for this long; longer ones raise the Lease's duration before they start. */
export const defaultLeaseSeconds = 30;

/** What Temporal says about the holder's chain of runs. */
export type ChainState =
  | { readonly kind: 'open' }
  /** `closedAtMs` is when the last run of the chain ended, or a later time; epoch ms. */
  | { readonly kind: 'closed'; readonly closedAtMs: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Who owns a target, and why it is not free. */
export type Ownership = { readonly kind: 'ours' } | { readonly kind: 'free' } | Held;

/** A target that somebody else owns. */
export interface Held {
  readonly kind: 'held';
  readonly by: LeaseHolder;
  /** What Temporal says about the holder's chain of runs. */
  readonly chain: ChainState['kind'];
  readonly why: string;
}

/** The Lease's `holderIdentity`. */
export function formatHolder({ temporalAddress, temporalNamespace, workflowId, firstRunId }: LeaseHolder): string {
  return `${temporalAddress}/${temporalNamespace}/${workflowId}/${firstRunId}`;
}

/** The annotations of a Lease that name its holder. */
export function holderAnnotations(holder: LeaseHolder): Readonly<Record<string, string>> {
  return {
    [leaseAnnotations.temporalAddress]: holder.temporalAddress,
    [leaseAnnotations.temporalNamespace]: holder.temporalNamespace,
    [leaseAnnotations.workflowId]: holder.workflowId,
    [leaseAnnotations.firstRunId]: holder.firstRunId,
  };
}

/** The holder of the Lease; undefined when it names no experiment, as when somebody created it by hand. */
export function leaseHolder({ annotations }: LeaseFacts): LeaseHolder | undefined {
  const temporalAddress = annotations[leaseAnnotations.temporalAddress];
  const temporalNamespace = annotations[leaseAnnotations.temporalNamespace];
  const workflowId = annotations[leaseAnnotations.workflowId];
  const firstRunId = annotations[leaseAnnotations.firstRunId];
  if (temporalAddress === undefined || temporalNamespace === undefined) return undefined;
  if (workflowId === undefined || firstRunId === undefined) return undefined;
  return { temporalAddress, temporalNamespace, workflowId, firstRunId };
}

/** Whether the Lease names this holder. */
export function isHeldBy(lease: LeaseFacts, holder: LeaseHolder): boolean {
  return lease.holderIdentity === formatHolder(holder);
}

/** Whether the holder runs in this namespace of a Temporal service, by its address. */
export function isOnTemporal(holder: LeaseHolder, temporal: { address: string; namespace: string }): boolean {
  return holder.temporalAddress === temporal.address && holder.temporalNamespace === temporal.namespace;
}

/** A Lease, who asks for it, and the state of the chain that holds it. */
export interface JudgeOwnershipInput {
  readonly lease: LeaseFacts;
  readonly holder: LeaseHolder;
  readonly chain: ChainState;
  readonly nowMs: number;
  /** The Lease's `namespace/name`, for messages. */
  readonly leaseName: string;
}

/**
 * Decides who owns the target. It is free only when the holder's chain is known to be closed and the longest limit of
 * its activities has passed since; what is unknown is held, until a person frees it.
 */
export function judgeOwnership({ lease, holder, chain, nowMs, leaseName }: JudgeOwnershipInput): Ownership {
  if (isHeldBy(lease, holder)) return { kind: 'ours' };
  const by = leaseHolder(lease) ?? unnamedHolder(lease);
  switch (chain.kind) {
    case 'open':
      return { kind: 'held', by, chain: 'open', why: `experiment ${by.workflowId} is running` };
    case 'unknown':
      return { kind: 'held', by, chain: 'unknown', why: `${chain.reason}; ${remedy(leaseName)}` };
    case 'closed': {
      const leftMs = chain.closedAtMs + (lease.durationSeconds ?? defaultLeaseSeconds) * 1000 - nowMs;
      if (leftMs <= 0) return { kind: 'free' };
      const ended = `experiment ${by.workflowId} ended at ${formatInstant(chain.closedAtMs)}`;
      const why = `${ended}; its last activity may go on for ${Math.ceil(leftMs / 1000)} s`;
      return { kind: 'held', by, chain: 'closed', why };
    }
  }
}

function unnamedHolder({ holderIdentity }: LeaseFacts): LeaseHolder {
  const workflowId = holderIdentity ?? 'unknown';
  return { temporalAddress: 'unknown', temporalNamespace: 'unknown', workflowId, firstRunId: workflowId };
}

function remedy(leaseName: string): string {
  return `if it is known to have ended, run \`serin restore\` on the target, or delete Lease ${leaseName}`;
}

/** The experiment that a waiting one waits for. */
export interface HolderReport {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  /** Why the target is not free, in words. */
  readonly why: string;
}
