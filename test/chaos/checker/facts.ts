/**
 * What the parts of a sandbox say about one run. The checker shares no code with serin: what serin says about itself is compared with
 * what others have seen.
 */
export interface RunFacts {
  readonly baselineRevision: string;
  readonly candidateRevision: string;
  readonly intervalMs: number;
  /** Revisions of the Helm release that were there before the run. */
  readonly releaseRevisionsBefore: number;
  /** Accepted writes of the target's traffic by serin, oldest first: from the audit log. */
  readonly writes: readonly TrafficWrite[];
  /** `status.traffic` of the Knative Service at the end. */
  readonly traffic: readonly TrafficEntry[];
  /** All revisions of the Helm release at the end, oldest first: from `helm history`. */
  readonly releaseRevisions: readonly { readonly status: string }[];
  /** Names of the Leases of the target that are left. */
  readonly leases: readonly string[];
  /** What the run has said at its end: from Temporal's history. */
  readonly end: RunEnd;
  /** The windows that were measured, in their order: from Temporal's history. */
  readonly windows: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The run, by the id of the first of the chain of runs that were continued as new: from Temporal's history. */
  readonly firstRunId: string;
  /** What has come to the receiver of notices, oldest first; `key` is the id of the CloudEvent, `event` the last part of its type. */
  readonly notices: readonly { readonly key: string; readonly event: string }[];
  /** Answers of the gateway to the load, by status; -1: none. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface RunEnd {
  readonly outcome: string;
  readonly reason: string;
}

export interface TrafficEntry {
  readonly revisionName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
}

export interface TrafficWrite {
  /** When the API server had accepted it, epoch ms. */
  readonly atMs: number;
  readonly traffic: readonly TrafficEntry[];
}
