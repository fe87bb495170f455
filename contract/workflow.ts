import type { ExperimentState } from '../core/planner/experiment-state.ts';
import type { Report } from '../core/report/report.ts';

/** The manifest as Temporal hands it over: YAML or JSON bytes, text, or an object that is already parsed. */
export type ManifestInput = Uint8Array | string | object;

/**
 * The workflow `experiment`, as those who start it and those who wait for it see it: the manifest, and the state that it goes on with
 * after continue-as-new (then the manifest is null). Its result is the final report.
 */
export type ExperimentWorkflow = (manifest: ManifestInput | null, carried?: ExperimentState) => Promise<Report>;
