import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { workflowIdPrefixes } from '../../operator/experiment-object.ts';
import type { Report } from '../../core/report/report.ts';
import { outcomeAttribute, stageAttribute, targetAttribute } from '../../contract/messages.ts';
import { readCallFailure } from '../../temporal/grpc.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { all, equals, isExperiment, isRunning, startsWith } from '../../temporal/visibility-query.ts';
import type { Execution, ExperimentView, ViewDetail } from './experiments.ts';
import { viewAll } from './view-all.ts';

export interface ListOptions {
  /** `namespace/name` of a Knative Service. */
  readonly target?: string;
  readonly stage?: string;
  readonly outcome?: string;
  /** The maximum number of experiments; the newest are listed. */
  readonly limit: number;
  readonly detail?: ViewDetail;
}

/** The maximum number of runs that are read for one name; the newest is among the first. */
const mostRuns = 20;

/** The maximum number of running experiments that are listed. */
const mostRunning = 1_000;

/** The newest experiments of the Temporal namespace, newest first, running and ended. */
export async function listExperiments(
  session: TemporalService,
  options: ListOptions,
): Promise<readonly ExperimentView[]> {
  const { limit, detail } = options;
  const conditions = listConditions(options).map(({ attribute, value }) => equals(attribute, value));
  try {
    return await viewAll(session, await list(session, all(isExperiment, ...conditions), limit), detail);
  } catch (error) {
    if (conditions.length === 0 || !isInvalidQuery(error)) throw error;
    return filterByReport(await viewAll(session, await list(session, isExperiment, limit), detail), options);
  }
}

/** The workflows of the newest experiments, newest first, running and ended. */
export async function newestExecutions(session: TemporalService, limit: number): Promise<readonly Execution[]> {
  return list(session, isExperiment, limit);
}

/** The experiments that run on a task queue now, at most 1,000; a new one is listed with a delay. */
export async function runningOnQueue(session: TemporalService, taskQueue: string): Promise<readonly Execution[]> {
  const query = all(isExperiment, equals('TaskQueue', taskQueue), isRunning);
  return list(session, query, mostRunning);
}

/** The experiments that run on a Knative Service now, or of which it is meant; none where the namespace has no search attribute for it. */
export async function runningOn(
  session: TemporalService,
  target: string,
  isHolder = false,
): Promise<readonly Execution[]> {
  const holds = isHolder ? [`${stageAttribute.name} != 'Waiting'`] : [];
  const query = all(isExperiment, equals(targetAttribute.name, target), isRunning, ...holds);
  return list(session, query, 2).catch((error: unknown) => {
    if (isInvalidQuery(error)) return [];
    throw error;
  });
}

/**
 * The experiments that the operator has run for objects of this name, in Temporal's order: the running ones first. A new one
 * is listed with a delay.
 */
export async function runsOfObjects(session: TemporalService, name: ObjectName): Promise<readonly Execution[]> {
  const isOfObject = workflowIdPrefixes(name).map((prefix) => startsWith('WorkflowId', prefix));
  const query = all(isExperiment, `(${isOfObject.join(' OR ')})`);
  return list(session, query, mostRuns).catch((error: unknown) => {
    if (isInvalidQuery(error)) return [];
    throw error;
  });
}

/** What a schedule of Temporal appends to its workflow id: the time of the start, RFC 3339. */
const scheduledTime = /-\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

/** The experiments that schedules have started under one of the workflow ids, in Temporal's order. */
export async function runsOfSchedules(
  session: TemporalService,
  workflowIds: readonly string[],
): Promise<readonly Execution[]> {
  const isOfSchedule = workflowIds.map((id) => startsWith('WorkflowId', `${id}-`));
  const query = all(isExperiment, `(${isOfSchedule.join(' OR ')})`);
  const found = await list(session, query, mostRuns).catch((error: unknown) => {
    if (isInvalidQuery(error)) return [];
    throw error;
  });
  return found.filter(({ workflowId }) => workflowIds.includes(workflowId.replace(scheduledTime, '')));
}

/** The newest experiments that say this name themselves, whatever their workflow ids are. */
export async function runsByName(session: TemporalService, name: ObjectName): Promise<readonly Execution[]> {
  const views = await viewAll(session, await list(session, isExperiment, mostRuns), 'brief');
  const isOf = ({ report }: ExperimentView): boolean =>
    report !== undefined && report.name === name.name && report.namespace === name.namespace;
  return views.filter(isOf).map(({ execution }) => execution);
}

interface Condition {
  readonly attribute: string;
  readonly value: string;
  readonly holds: (report: Report) => boolean;
}

function listConditions({ target, stage, outcome }: ListOptions): readonly Condition[] {
  const conditions: Condition[] = [];
  if (target !== undefined) {
    const holds = (report: Report): boolean => formatObjectName(report.target) === target;
    conditions.push({ attribute: targetAttribute.name, value: target, holds });
  }
  if (stage !== undefined) {
    conditions.push({ attribute: stageAttribute.name, value: stage, holds: (report) => report.stage === stage });
  }
  if (outcome !== undefined) {
    conditions.push({
      attribute: outcomeAttribute.name,
      value: outcome,
      holds: (report) => report.outcome === outcome,
    });
  }
  return conditions;
}

async function list(session: TemporalService, query: string, limit: number): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  for await (const execution of session.client.workflow.list({ query, pageSize: limit })) {
    // A run that was continued as new is the same experiment, whose latest run is in the list too.
    if (execution.status.name !== 'CONTINUED_AS_NEW') executions.push(execution);
    if (executions.length >= limit) break;
  }
  return executions;
}

/** Filters by the experiments' own reports, for a namespace without search attributes. */
function filterByReport(views: readonly ExperimentView[], options: ListOptions): readonly ExperimentView[] {
  const conditions = listConditions(options);
  return views.filter(({ report }) => report !== undefined && conditions.every(({ holds }) => holds(report)));
}

/** Whether Temporal refused the query: the namespace has no such search attribute, or the server no such comparison. */
function isInvalidQuery(error: unknown): boolean {
  return readCallFailure(error)?.kind === 'invalid';
}
