import type { Experiment } from '../core/experiment/experiment.ts';
import type { TaggedRevision } from '../core/traffic/target.ts';
import type { Revisions } from './traffic.ts';

export interface ManifestReading {
  readonly experiment: Experiment;
  /** Repairs and oddities, each `file:line:column path: …`. */
  readonly warnings: readonly string[];
  /** Those of serin's search attributes that the Temporal namespace has with the right type. */
  readonly searchAttributes: readonly string[];
  /** The Temporal address of this worker, part of the holder's identity. */
  readonly temporalAddress: string;
}

/** The detail of a failure of `readManifest` where the manifest could be read, but must not be run: whose it is. */
export interface ReadButRefused {
  readonly reading: ManifestReading;
}

/** The versions as the target has them. */
export type DiscoveredVersions = Pick<Experiment, 'baseline' | 'candidates'>;

export interface PreflightReport {
  readonly revisions: Revisions;
  /** The candidates' shares of `status.traffic` when the run began, percent. */
  readonly weights: readonly number[];
  /** The tags that the target has, and the revisions that they name: a finish action may drop them. */
  readonly tags: readonly TaggedRevision[];
  /** What the baseline's history tells about bursts, for each objective; null where it does not. */
  readonly correlations?: readonly (number | null)[];
  /** The weights to begin with, and why, at the traffic that there is. */
  readonly firstStep?: { readonly weights: readonly number[]; readonly reason: string };
  /** What the finish actions would deploy, for each version by name: where the manifest pins it. */
  readonly digests?: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}
