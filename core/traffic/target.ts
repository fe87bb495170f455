/** One entry of a Knative Service's traffic, as in `spec.traffic` and `status.traffic`. */
export interface TrafficEntry {
  readonly revisionName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
  readonly tag?: string;
}

/** A tag of a Knative Service, and the revision that its address leads to. */
export interface TaggedRevision {
  readonly tag: string;
  readonly revisionName: string;
}

/** The state of a revision in the cluster. */
export type RevisionState =
  /** `pods`: how many it has now; absent where Knative does not say. */
  | { readonly kind: 'ready'; readonly pods?: number }
  | { readonly kind: 'unready'; readonly reason: string }
  | { readonly kind: 'gone' };

/** The Knative Service and the versions' revisions as the cluster reports them. */
export type TargetObservation =
  | {
      readonly kind: 'observed';
      readonly specTraffic: readonly TrafficEntry[];
      readonly latestCreatedRevision?: string;
      /** The `serin.dev/plan` annotation. */
      readonly plan?: string;
      /** Who wrote `spec.traffic` last, as far as the object shows: `kubectl-edit at 2026-11-23T10:00:00Z`. */
      readonly editor?: string;
      /** The revisions of all versions, the baseline first. */
      readonly revisions: readonly RevisionState[];
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** The annotation on the Knative Service that carries the latest traffic write: `<first run id>/<sequence>`. */
export const planAnnotation = 'serin.dev/plan';

/** The annotations of the target's Lease. */
export const leaseAnnotations = {
  temporalAddress: 'serin.dev/temporal-address',
  temporalNamespace: 'serin.dev/temporal-namespace',
  workflowId: 'serin.dev/workflow-id',
  firstRunId: 'serin.dev/first-run-id',
  /** Revision that `serin restore` puts back to 100 %; present once it has been verified. */
  baseline: 'serin.dev/baseline',
  /** The plan annotation that the holder found when it verified the target: the last write of a run that has ended. */
  previousPlan: 'serin.dev/previous-plan',
  /** The revision that serin has kept from Knative's garbage collection, until the Lease is given up. */
  keptRevision: 'serin.dev/kept-revision',
} as const;

/** With the value `true` on a revision: Knative's garbage collection leaves it alone. */
export const noCollectionAnnotation = 'serving.knative.dev/no-gc';

/** The Lease that is the mutex of a Knative Service, in the service's namespace. */
export function leaseName(ksvc: string): string {
  return `serin-${ksvc}`;
}

/** kubectl's copy of what was applied, which repeats the whole object. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
