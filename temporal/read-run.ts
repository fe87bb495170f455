import { ApplicationFailure, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { asReport } from '../core/report/report.ts';
import type { Report, Retrying } from '../core/report/report.ts';
import { defined } from '../core/text/defined.ts';
import { formatObjectName } from '../core/text/object-name.ts';
import type { ObjectName } from '../core/text/object-name.ts';
import { formatDeploymentVersion, readPinnedVersion } from './deployment-version.ts';
import { readTaskFailure } from './failing-task.ts';
import { callWithin, failureDetails, readCallFailure } from './grpc.ts';
import { isBetweenTasks, queryStatus } from './query-status.ts';
import { readRetrying } from './retrying.ts';

/** One run of a workflow as Temporal knows it. */
export type Run = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'taskQueue' | 'status'>;

/** What an experiment's run says about itself. */
export type RunReading =
  | {
      readonly kind: 'reported';
      readonly report: Report;
      readonly isClosed: boolean;
      /** The type of the workflow's failure. */
      readonly failureType?: string;
    }
  /** No answer, and why. */
  | { readonly kind: 'silent'; readonly why: Silence; readonly reason: string }
  /** The run has ended without a report. */
  | StoppedRun;

/** Why a run does not answer: no worker runs, its workflow task fails for ever, or its report cannot be read. */
export type Silence = 'noWorker' | 'taskFails' | 'unreadable';

/** A run that has ended and left no report that can be read. */
export interface StoppedRun {
  readonly kind: 'stopped';
  /** As a predicate of "the workflow". */
  readonly how: string;
  /** Whether the target may have been left with split traffic: not after a workflow that has completed. */
  readonly mayBeSplit: boolean;
  /** The last report of a run that was stopped from outside, where a worker gives it. */
  readonly report?: Report;
}

/** A run of a workflow, the latest by default; undefined when Temporal does not know it. */
export async function describeWorkflow(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  return client.workflow.getHandle(workflowId, runId).describe().catch(undefinedIfNotFound);
}

/** For `catch`: undefined for a workflow that Temporal does not know, or that is closed already for a signal. */
export function undefinedIfNotFound(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** Whether the run has ended. One that is paused in Temporal has not, and one that was continued as new has a successor. */
export function isClosed({ status }: Pick<Run, 'status'>): boolean {
  switch (status.name) {
    case 'COMPLETED':
    case 'FAILED':
    case 'CANCELLED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return true;
    case 'RUNNING':
    case 'PAUSED':
    case 'CONTINUED_AS_NEW':
    case 'UNSPECIFIED':
    case 'UNKNOWN':
      return false;
  }
}

/** Limits of the calls that `readRun` makes, ms. */
export interface ReadLimits {
  /** The limit for the result of a run that has ended. */
  readonly callLimitMs: number;
  /** The limit for a worker's answer to the query. */
  readonly queryLimitMs: number;
}

/** Reads what a run says about itself, and beside it what is tried again, which only Temporal knows. */
export async function readRun(client: Client, run: Run, limits: ReadLimits): Promise<RunReading> {
  const retrying = isClosed(run) ? undefined : readRetryingQuietly(client, run, limits);
  const reading = await readReport(client, run, limits);
  if (reading.kind !== 'reported') return reading;
  return { ...reading, report: { ...reading.report, ...defined({ retrying: await retrying }) } };
}

/**
 * Reads what a run says about itself: its result if it has ended, else its answer to the status query, for which a worker is
 * needed. Fails when Temporal itself does not answer.
 */
export async function readReport(client: Client, run: Run, limits: ReadLimits): Promise<RunReading> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId, { followRuns: false });
  const end = await callWithin(client, limits.callLimitMs, () => readEnd(handle, run));
  if (end !== undefined) return end;
  const stop = stops[run.status.name];
  if (stop !== undefined && !stop.mayAnswer) return stoppedRun(stop);
  const query = callWithin(client, limits.queryLimitMs, () => queryStatus(handle));
  const answer = await query.then(
    (report) => readAnswer(asReport(report), run),
    (error: unknown) => explainSilence(error, { client, run, limits, isEnded: stop !== undefined }),
  );
  if (stop === undefined) return answer;
  return { ...stoppedRun(stop), ...(answer.kind === 'reported' ? { report: answer.report } : {}) };
}

type Reported = Extract<RunReading, { kind: 'reported' }>;
type Silent = Extract<RunReading, { kind: 'silent' }>;

/** Reads the report that a workflow leaves at its end, as its result or in the details of its failure: no worker is needed. */
async function readEnd(handle: WorkflowHandle, { status }: Run): Promise<Reported | undefined> {
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED') return undefined;
  try {
    const report = asReport(await handle.result());
    return report && { kind: 'reported', report, isClosed: true };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { type, details } = error.cause instanceof ApplicationFailure ? error.cause : {};
    const report = asReport(details?.[0]);
    return report && { kind: 'reported', report, isClosed: true, ...(type ? { failureType: type } : {}) };
  }
}

/** What is tried again is beside the report: without it the report stands. */
async function readRetryingQuietly(
  client: Client,
  run: Run,
  { callLimitMs }: ReadLimits,
): Promise<Retrying | undefined> {
  return callWithin(client, callLimitMs, () => readRetrying(client, run)).catch(() => undefined);
}

function readAnswer(report: Report | undefined, run: Run): Reported | Silent {
  if (report !== undefined) return { kind: 'reported', report, isClosed: isClosed(run) };
  return {
    kind: 'silent',
    why: 'unreadable',
    reason: 'it answers with a report that this version of serin cannot read',
  };
}

interface SilentRun {
  readonly client: Client;
  readonly run: Run;
  readonly limits: ReadLimits;
  readonly isEnded: boolean;
}

/**
 * Temporal has just described the run: unless it cannot be reached any more, it is the worker that does not answer, or the workflow
 * task that fails. A run that has ended is known to have, whatever the query comes to.
 */
async function explainSilence(error: unknown, { client, run, limits, isEnded }: SilentRun): Promise<Silent> {
  const kind = readCallFailure(error)?.kind;
  if (kind === 'unavailable' && !isEnded) throw error;
  const fault = isEnded ? undefined : await callWithin(client, limits.callLimitMs, () => readTaskFailure(client, run));
  if (fault !== undefined) return { kind: 'silent', why: 'taskFails', reason: `its workflow task fails: ${fault}` };
  const details = failureDetails(error);
  if (isBetweenTasks(error)) return { kind: 'silent', why: 'noWorker', reason: `its worker was lost: ${details}` };
  const hasNoWorker = kind === 'late' || /no poller/i.test(details);
  if (hasNoWorker) {
    // The version is beside the point: without it the run is silent all the same.
    const pinned = callWithin(client, limits.callLimitMs, () => readPinnedVersion(client, run));
    const version = await pinned.catch(() => undefined);
    const whose = version === undefined ? '' : ` of ${formatDeploymentVersion(version)}`;
    return { kind: 'silent', why: 'noWorker', reason: `no worker${whose} answers on task queue ${run.taskQueue}` };
  }
  return { kind: 'silent', why: 'unreadable', reason: `the experiment does not answer: ${details}` };
}

/** The ways out for a run whose workflow task fails. */
export function waysOut(workflowId: string): string {
  return `run workers of the version that its history fits, or \`serin abort ${workflowId}\`, which brings the traffic back by itself`;
}

interface Stop extends Pick<StoppedRun, 'how' | 'mayBeSplit'> {
  /** Whether a worker may still give the last report. */
  readonly mayAnswer: boolean;
}

/** How a run ended that has left no report. */
const stops: Partial<Readonly<Record<Run['status']['name'], Stop>>> = {
  TERMINATED: { how: 'was terminated', mayBeSplit: true, mayAnswer: true },
  TIMED_OUT: { how: 'ran into its execution timeout', mayBeSplit: true, mayAnswer: true },
  COMPLETED: { how: 'ended as COMPLETED without a report that can be read', mayBeSplit: false, mayAnswer: false },
  FAILED: { how: 'ended as FAILED without a report that can be read', mayBeSplit: true, mayAnswer: false },
};

function stoppedRun({ how, mayBeSplit }: Stop): StoppedRun {
  return { kind: 'stopped', how, mayBeSplit };
}

/** What a stop means for the target, in words, with the remedy; `TARGET` stands for an unknown name. */
export function explainStop({ how, mayBeSplit }: StoppedRun, target: ObjectName | undefined): string {
  if (!mayBeSplit) return `the workflow ${how}`;
  const name = target === undefined ? 'TARGET' : formatObjectName(target);
  return `the workflow ${how}: nobody brought the traffic back; \`serin restore ${name}\` does`;
}
