import type { ExperimentState } from '../core/planner/experiment-state.ts';
import type { Report } from '../core/report/report.ts';

/** The manifest as Temporal hands it over: YAML or JSON bytes, text, or an object that is already parsed. */
export type ManifestInput = Uint8Array | string | object;

/**
 * The workflow `experiment`, for those who start it and wait for it. Its input is the manifest, or null with the state that a run
 * continues with after continue-as-new; its result is the final report.
 */
export type ExperimentWorkflow = (manifest: ManifestInput | null, carried?: ExperimentState) => Promise<Report>;
