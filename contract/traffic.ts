import type { TaggedRevision } from '../core/traffic/target.ts';
import type { ObjectName } from '../core/text/object-name.ts';
import type { Share } from '../core/experiment/versions.ts';
import type { WriteId } from '../core/traffic/fencing.ts';
import type { InNamespace } from './in-namespace.ts';
import type { LeaseHolder } from '../core/traffic/lease.ts';

/** A revision as the cluster has it. */
export interface JudgedRevision {
  readonly revision: string;
  readonly image: string;
}

/** The revisions of all versions, the baseline first. */
export type Revisions = readonly JudgedRevision[];

/** The result of an attempt to acquire the target: it is held by this experiment, or by another one. */
export type Acquisition =
  { readonly kind: 'acquired' } | { readonly kind: 'held'; readonly by: LeaseHolder; readonly why: string };

/** A write of the target's traffic, and what must hold before it. */
export interface PatchTrafficInput extends InNamespace {
  readonly target: ObjectName;
  readonly holder: LeaseHolder;
  readonly plan: WriteId;
  /** The shares of all versions, the baseline first; their sum is 100. */
  readonly shares: readonly Share[];
  /** The traffic that must be there before this write; anything else was written by somebody else, and fails as `Drift`. */
  readonly present?: readonly Share[];
  /** How long the cluster may take to report the split; then the activity fails as `NotConfirmed`. */
  readonly confirmationLimitMs: number;
  /** The revision with 100 %, where the latest is to be followed instead of pinning it; only after a verified finish. */
  readonly followLatest?: string;
  /** Tags that the target had; those that are missing are put back, at 0 %. */
  readonly tags: readonly TaggedRevision[];
}

/** The times of a write that the cluster has reported. */
export interface PatchTrafficResult {
  /** When the API server accepted the write, epoch ms. */
  readonly acceptedAtMs: number;
  /** When the cluster reported the split: generation caught up, routes ready, percents equal. */
  readonly confirmedAtMs: number;
}

/** The winner that the target must serve. */
export interface VerifyInput extends InNamespace {
  readonly target: ObjectName;
  readonly winner: JudgedRevision;
  /** The winner must be the latest ready revision: true after finish actions, which put its template back. */
  readonly requireLatest: boolean;
}

/** What a write that fails as `Fenced` has found. */
export interface FencedFacts {
  /** The sequence of the run's own later write. */
  readonly ownSequence?: number;
  /** A restore has written what was to be written. */
  readonly isRestored?: true;
}

/** What the target serves after the finish actions. */
export interface Verification {
  /** `spec.traffic` is what we pinned, or Knative's default of 100 % to the latest revision. */
  readonly mayFollowLatest: boolean;
}
