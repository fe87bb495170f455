import {
  ApplicationFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import type { WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { statusQuery } from '../../contract/messages.ts';
import { workflowType } from '../../contract/names.ts';
import { asReport } from '../../core/report/report.ts';
import type { Report } from '../../core/report/report.ts';
import type { Session } from './connection.ts';
import { CommandError } from '../errors.ts';

/** A worker that runs answers a query within milliseconds; a busy one still within this. */
const queryLimitMs = 5_000;

/** What Temporal knows of an experiment's workflow without asking it. */
export type Execution = Pick<
  WorkflowExecutionInfo,
  'type' | 'workflowId' | 'runId' | 'taskQueue' | 'status' | 'startTime' | 'closeTime' | 'typedSearchAttributes'
>;

/** An experiment's workflow, and what it says about itself so far as anybody answers. */
export interface ExperimentView {
  readonly execution: Execution;
  readonly report?: Report;
  /** Why there is no report, or why the report is not the end of the story. */
  readonly note?: string;
}

/** Whether the workflow has not ended: it runs, or somebody has paused it in Temporal. */
export function isOpen(status: Execution['status']['name']): boolean {
  return status === 'RUNNING' || status === 'PAUSED';
}

/** The latest run of the workflow with this id; undefined when there is none. Fails with `notFound` for other workflows. */
export async function describeExecution(session: Session, workflowId: string): Promise<Execution | undefined> {
  try {
    const execution = await session.client.workflow.getHandle(workflowId).describe();
    if (execution.type === workflowType) return execution;
    throw new CommandError('notFound', `${workflowId} is a workflow of type ${execution.type}, not an experiment`);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Reads the report: from the result of a workflow that has ended, else by a query, which needs a worker. */
export async function viewExecution(session: Session, execution: Execution): Promise<ExperimentView> {
  const { workflowId, runId } = execution;
  const handle = session.client.workflow.getHandle(workflowId, runId, { followRuns: false });
  const final = await finalReport(handle, execution);
  if (final !== undefined) return { execution, report: final };
  const answer = await queryReport(session, handle, execution);
  const unfinished = unfinishedNote(execution, answer.report);
  return unfinished === undefined ? { execution, ...answer } : { execution, ...answer, note: unfinished };
}

/** A report, or why there is none. */
type Answer = Pick<ExperimentView, 'report' | 'note'>;

/** The end of a workflow carries its report: as the result, or in the details of its failure. */
async function finalReport(handle: WorkflowHandle, { status }: Execution): Promise<Report | undefined> {
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED') return undefined;
  try {
    return asReport(await handle.result());
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return error.cause instanceof ApplicationFailure ? asReport(error.cause.details?.[0]) : undefined;
  }
}

async function queryReport(session: Session, handle: WorkflowHandle, execution: Execution): Promise<Answer> {
  try {
    const answer = await session.client.withDeadline(Date.now() + queryLimitMs, () => handle.query(statusQuery));
    const report = asReport(answer);
    return report === undefined
      ? { note: 'it answers with a report that this version of serin cannot read' }
      : { report };
  } catch (error) {
    if (isUnavailable(error)) throw error;
    return { note: silenceNote(error, execution) };
  }
}

/** Temporal itself is gone, which says nothing about the experiment. */
function isUnavailable(error: unknown): boolean {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === grpcUnavailable;
}

const grpcUnavailable = 14;

function silenceNote(error: unknown, { taskQueue }: Execution): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  // A server that gives up first says that the call was cancelled.
  const isSilent = isGrpcDeadlineError(error) || isGrpcCancelledError(error) || /no poller/i.test(message);
  if (isSilent) return `no worker answers on task queue ${taskQueue}`;
  return `the experiment does not answer: ${message}`;
}

/** What a report cannot know: that its workflow was stopped from outside. */
function unfinishedNote({ status }: Execution, report: Report | undefined): string | undefined {
  if (status.name !== 'TERMINATED' && status.name !== 'TIMED_OUT') return undefined;
  const how = status.name === 'TERMINATED' ? 'was terminated' : 'ran into its execution timeout';
  const target =
    report === undefined || report.name === '' ? 'TARGET' : `${report.target.namespace}/${report.target.name}`;
  return `the workflow ${how}: nobody brought the traffic back; \`serin restore ${target}\` does`;
}
