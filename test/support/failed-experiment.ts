import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { Report } from '../../core/report/report.ts';
import type { ExperimentHandle } from './workflow-environment.ts';

/** What a workflow that must fail says: the failure's type and message, and the report that goes with it. */
export async function failedExperiment(
  handle: ExperimentHandle,
): Promise<{ type: string; message: string; report: Report }> {
  const error: unknown = await handle.result().catch((caught: unknown) => caught);
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) {
    throw new Error(`expected the workflow to fail, got ${JSON.stringify(error)}`);
  }
  const { type, message, details } = error.cause;
  // The workflow attaches exactly one detail, its report.
  return { type: type ?? '', message, report: details?.[0] as Report };
}
