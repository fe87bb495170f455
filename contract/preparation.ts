import type { Experiment } from '../core/experiment/experiment.ts';
import type { SourceDigests } from '../core/text/source-digests.ts';
import type { TaggedRevision } from '../core/traffic/target.ts';
import type { Revisions } from './traffic.ts';

export interface ReadManifestInput {
  readonly manifest: string | object;
  /** The limits that the workflow was started with, ms: an activity that refuses them changes no recorded history. */
  readonly limits?: WorkflowLimits;
}

/** The limits at which Temporal ends a workflow, whatever it is doing; absent where it was given none. */
export interface WorkflowLimits {
  readonly executionMs?: number;
  readonly runMs?: number;
}

/** The result of `readManifest`: the experiment, and what the workflow needs to know about Temporal. */
export interface ManifestReading {
  readonly experiment: Experiment;
  /** Repairs and oddities, each `file:line:column path: …`. */
  readonly warnings: readonly string[];
  /** Those of serin's search attributes that the Temporal namespace has with the right type. */
  readonly searchAttributes: readonly string[];
  /** The Temporal address of this worker, part of the holder's identity. */
  readonly temporalAddress: string;
  /** Whether the namespace has receivers of notices; absent: none. */
  readonly hasReceivers?: boolean;
}

/** The detail of a `readManifest` failure for a manifest that can be read but must not be run; it identifies the experiment. */
export interface ReadButRefused {
  readonly reading: ManifestReading;
}

/** The versions as the target has them. */
export type DiscoveredVersions = Pick<Experiment, 'baseline' | 'candidates'>;

/** What the preflight has found out about the target and its versions. */
export interface PreflightReport {
  readonly revisions: Revisions;
  /** The candidates' shares of `status.traffic` when the run began, percent. */
  readonly weights: readonly number[];
  /** The tags of the target and the revisions that they name; kept because a finish action may drop them. */
  readonly tags: readonly TaggedRevision[];
  /**
   * For each objective the intraclass correlation of bad requests, or of latencies, within an interval, 0..1, from
   * the baseline's history; null where it is not known.
   */
  readonly correlations?: readonly (number | null)[];
  /** The weights of the first step at the present traffic, percent, and why. */
  readonly firstStep?: { readonly weights: readonly number[]; readonly reason: string };
  /** Digests of what the finish actions would deploy, by the version's name; only where the manifest pins it. */
  readonly digests?: Readonly<Record<string, string>>;
  /** Digests of the charts and values that the finish actions download; absent where they download none. */
  readonly pins?: SourceDigests;
  /** Whether the manifest or the namespace has a calendar now; absent in histories from before there were any. */
  readonly hasCalendar?: boolean;
  readonly warnings: readonly string[];
}
