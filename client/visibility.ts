import { isGrpcServiceError } from '@temporalio/client';
import { formatObjectName } from '../core/experiment.ts';
import { workflowType } from '../workflows/contract.ts';
import { targetAttribute } from '../workflows/messages.ts';
import type { Session } from './connection.ts';
import { viewExecution } from './experiments.ts';
import type { Execution, ExperimentView } from './experiments.ts';

export interface ListOptions {
  /** `namespace/name` of a Knative Service. */
  readonly target?: string;
  /** The newest so many. */
  readonly limit: number;
}

const grpcInvalidArgument = 3;

/** Reports that are asked for at the same time: a list of dead experiments costs one query limit for this many. */
const concurrency = 8;

/** The newest experiments of the Temporal namespace, newest first, running and ended. */
export async function listExperiments(
  session: Session,
  { target, limit }: ListOptions,
): Promise<readonly ExperimentView[]> {
  const ofType = `WorkflowType = "${workflowType}"`;
  if (target === undefined) return viewAll(session, await list(session, ofType, limit));
  try {
    const query = `${ofType} AND ${targetAttribute.name} = "${target.replaceAll('"', '')}"`;
    return await viewAll(session, await list(session, query, limit));
  } catch (error) {
    if (!isUnknownAttribute(error)) throw error;
    return filterByReport(await viewAll(session, await list(session, ofType, limit)), target);
  }
}

async function list(session: Session, query: string, limit: number): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  for await (const execution of session.client.workflow.list({ query, pageSize: limit })) {
    // A run that was continued as new is the same experiment, whose latest run is in the list too.
    if (execution.status.name !== 'CONTINUED_AS_NEW') executions.push(execution);
    if (executions.length >= limit) break;
  }
  return executions;
}

async function viewAll(session: Session, executions: readonly Execution[]): Promise<readonly ExperimentView[]> {
  const views: ExperimentView[] = [];
  for (let start = 0; start < executions.length; start += concurrency) {
    const batch = executions.slice(start, start + concurrency);
    views.push(...(await Promise.all(batch.map((execution) => viewExecution(session, execution)))));
  }
  return views;
}

/** The namespace has no search attributes: then only the experiments themselves know their targets. */
function filterByReport(views: readonly ExperimentView[], target: string): readonly ExperimentView[] {
  return views.filter(({ report }) => report !== undefined && formatObjectName(report.target) === target);
}

function isUnknownAttribute(error: unknown): boolean {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === grpcInvalidArgument;
}
