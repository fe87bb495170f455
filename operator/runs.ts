import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcServiceError,
} from '@temporalio/client';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { asReport } from '../core/report/report.ts';
import type { Report } from '../core/report/report.ts';
import { workflowType } from '../contract/names.ts';
import type { ExperimentWorkflow } from '../contract/workflow.ts';
import { abortSignal, statusQuery } from '../contract/messages.ts';

/** The Temporal service did not answer, not in time, or with a refusal: nothing is known about the run. */
export class TemporalFailure extends Error {
  /** Nobody answered at all. */
  readonly isSilence: boolean;

  constructor(cause: unknown) {
    const isSilence = !isRefusal(cause);
    super(isSilence ? 'Temporal does not answer' : `Temporal refuses: ${errorDetails(cause)}`, { cause });
    this.name = 'TemporalFailure';
    this.isSilence = isSilence;
  }
}

/** What a look at a run shows. */
export type RunObservation =
  /** Nothing has happened since the look whose mark was given. */
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'observed';
      readonly report: Report;
      readonly runId: string;
      /** For the next look. */
      readonly mark: string;
      readonly isClosed: boolean;
      /** Of the workflow's failure. */
      readonly failureType?: string;
    }
  /** It runs, or was stopped, but no worker tells its state. */
  | { readonly kind: 'silent'; readonly reason: string }
  /** It was stopped from outside; the report is the last one, if anybody tells it. */
  | { readonly kind: 'stopped'; readonly how: string; readonly runId: string; readonly report?: Report }
  | { readonly kind: 'absent' };

/** The workflows of Experiments. All calls have a limit, and fail as `TemporalFailure` beyond it. */
export interface Runs {
  /** Starts the workflow, unless it was ever started: then nothing happens. */
  readonly start: (workflowId: string, manifest: object) => Promise<void>;
  readonly observe: (workflowId: string, options?: ObserveOptions) => Promise<RunObservation>;
  /** False when there is no such open workflow. */
  readonly abort: (workflowId: string, reason: string) => Promise<boolean>;
}

interface ObserveOptions {
  /** The mark of an earlier look: nothing more is asked when nothing has happened since. */
  readonly seen?: string;
  /** How long a worker may take to tell the state. */
  readonly queryLimitMs?: number;
}

const callLimitMs = 2_000;

/** Longer than a worker needs to read a long history again. */
const longestQueryMs = 4_000;

export function runsOn(client: Client, taskQueue: string): Runs {
  const ask = async <T>(request: () => Promise<T>, limitMs = callLimitMs): Promise<T> => {
    try {
      return await within(limitMs, client.withDeadline(Date.now() + limitMs, request));
    } catch (error) {
      throw isGrpcServiceError(rootCause(error)) && !isAnswer(error) ? new TemporalFailure(error) : error;
    }
  };
  return {
    start: async (workflowId, manifest) => {
      const options = {
        workflowId,
        taskQueue,
        args: [manifest],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      } as const;
      await ask(() => client.workflow.start<ExperimentWorkflow>(workflowType, options)).catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      });
    },
    observe: async (workflowId, { seen, queryLimitMs = longestQueryMs } = {}) => {
      const description = await ask(() => client.workflow.getHandle(workflowId).describe()).catch(absent);
      if (description === undefined) return { kind: 'absent' };
      const mark = `${description.runId}/${description.historyLength}/${description.status.name}`;
      if (mark === seen) return { kind: 'unchanged' };
      const handle = client.workflow.getHandle(workflowId, description.runId, { followRuns: false });
      return observeRun({ ask, handle, description, mark, queryLimitMs });
    },
    abort: async (workflowId, reason) => {
      const sent = ask(() => client.workflow.getHandle(workflowId).signal(abortSignal, { reason }));
      return (await sent.then(() => true).catch(absent)) ?? false;
    },
  };
}

/** For the client's own answer at its deadline. */
const deadlineSlackMs = 200;

/** A worker's connection goes on trying beyond the deadline of a call. What it still sends does no harm: all of it may happen twice. */
async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const expired = new TemporalFailure(new Error(`no answer within ${limitMs} ms`));
  const timer = setTimeout(() => reject(expired), limitMs + deadlineSlackMs);
  try {
    return await Promise.race([answer, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

interface ObservationInput {
  readonly ask: <T>(request: () => Promise<T>, limitMs?: number) => Promise<T>;
  readonly handle: WorkflowHandle;
  readonly description: WorkflowExecutionDescription;
  readonly mark: string;
  readonly queryLimitMs: number;
}

async function observeRun(input: ObservationInput): Promise<RunObservation> {
  const { description, mark } = input;
  const { runId, status } = description;
  switch (status.name) {
    case 'COMPLETED':
    case 'FAILED':
      return observeEnd(input);
    case 'CANCELLED': {
      const answer = await query(input);
      return answer.report === undefined
        ? { kind: 'silent', reason: answer.reason }
        : { kind: 'observed', report: answer.report, runId, mark, isClosed: true };
    }
    case 'TERMINATED':
    case 'TIMED_OUT': {
      const how = status.name === 'TERMINATED' ? 'was terminated' : 'ran into its execution timeout';
      const { report } = await query(input);
      return { kind: 'stopped', how, runId, ...(report === undefined ? {} : { report }) };
    }
    case 'RUNNING':
    case 'PAUSED':
    case 'CONTINUED_AS_NEW':
    case 'UNSPECIFIED':
    case 'UNKNOWN': {
      const answer = await query(input);
      return answer.report === undefined
        ? { kind: 'silent', reason: answer.reason }
        : { kind: 'observed', report: answer.report, runId, mark, isClosed: false };
    }
  }
}

/** The end of a workflow carries its report, so that no worker is needed: as the result, or in the details of its failure. */
async function observeEnd({
  ask,
  handle,
  description: { runId, status },
  mark,
}: ObservationInput): Promise<RunObservation> {
  const closedRun = (report: Report, failureType?: string | null): RunObservation => {
    const failure = failureType === undefined || failureType === null ? {} : { failureType };
    return { kind: 'observed', report, runId, mark, isClosed: true, ...failure };
  };
  try {
    const report = asReport(await ask(() => handle.result()));
    if (report !== undefined) return closedRun(report);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const report = cause instanceof ApplicationFailure ? asReport(cause.details?.[0]) : undefined;
    if (report !== undefined && cause instanceof ApplicationFailure) return closedRun(report, cause.type);
  }
  return { kind: 'stopped', how: `ended as ${status.name} without a report that can be read`, runId };
}

type Answer = { readonly report: Report } | { readonly report?: undefined; readonly reason: string };

async function query({ ask, handle, description: { taskQueue }, queryLimitMs }: ObservationInput): Promise<Answer> {
  try {
    const report = asReport(await ask(() => handle.query(statusQuery), queryLimitMs));
    return report === undefined ? { reason: 'it answers with a report that cannot be read' } : { report };
  } catch (error) {
    // A moment ago Temporal has answered: it is the worker that does not.
    const isSilent = (error instanceof TemporalFailure && error.isSilence) || /no poller/i.test(errorDetails(error));
    return { reason: isSilent ? `no worker answers on task queue ${taskQueue}` : errorDetails(error) };
  }
}

function absent(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** What the client throws to say how things are, and not that it could not ask. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof WorkflowNotFoundError ||
    error instanceof WorkflowExecutionAlreadyStartedError ||
    error instanceof WorkflowFailedError
  );
}

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/): cancelled, deadline exceeded, exhausted, unavailable. */
const silence: readonly number[] = [1, 4, 8, 14];

function isRefusal(error: unknown): boolean {
  const cause = rootCause(error);
  return isGrpcServiceError(cause) && !silence.includes(cause.code);
}

/** The gRPC error that is behind an error, else the innermost one. */
function rootCause(error: unknown): unknown {
  if (isGrpcServiceError(error) || !(error instanceof Error) || error.cause === undefined) return error;
  return rootCause(error.cause);
}

function errorDetails(error: unknown): string {
  const cause = rootCause(error);
  if (isGrpcServiceError(cause)) return cause.details || cause.message;
  return cause instanceof Error ? cause.message : String(cause);
}
