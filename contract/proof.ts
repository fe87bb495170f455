import type { RequestKind } from '../core/planner/requests.ts';
import type { VerifiedPerson } from '../core/experiment/approvers.ts';

/** What the worker asks about a proof. */
export interface VerifyActInput {
  /** A JWT with the claims of an `ActClaims`. */
  readonly proof: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly request: RequestKind;
  /** When the request came, epoch ms. */
  readonly atMs: number;
}

/** What a proof says, or why it proves nothing. */
export type ActVerification =
  | {
      readonly kind: 'verified';
      /** Of the proof: it counts once. */
      readonly id: string;
      readonly person: VerifiedPerson;
      readonly reason?: string;
    }
  | { readonly kind: 'refused'; readonly why: string };

/** The claims of a proof beside those of RFC 7519: `sub` is the user, `aud` the workflow id, `jti` its id. */
export interface ActClaims {
  /** The first run of the experiment. */
  readonly run: string;
  readonly act: RequestKind;
  readonly groups: readonly string[];
  readonly reason?: string;
}

/** `iss` of each proof. */
export const proofIssuer = 'serin';

/** The signature of a proof; others are refused. */
export const proofAlgorithm = 'EdDSA';
