import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { workflowType } from '../contract/names.ts';
import type { ExperimentWorkflow } from '../contract/workflow.ts';
import { abortSignal } from '../contract/messages.ts';
import { callWithin, failureDetails, readCallFailure } from '../temporal/grpc.ts';
import { describeWorkflow, readRun, undefinedIfNotFound } from '../temporal/read-run.ts';
import type { RunReading } from '../temporal/read-run.ts';
import { findRetrying } from '../temporal/retrying.ts';

/** Temporal did not answer in time, or refused: nothing is known about the run. */
export class TemporalFailure extends Error {
  /** Whether there was no answer, rather than a refusal. */
  readonly isSilence: boolean;

  constructor(cause: unknown) {
    const isSilence = !isRefusal(cause);
    super(isSilence ? 'Temporal does not answer' : `Temporal refuses: ${failureDetails(cause)}`, { cause });
    this.name = 'TemporalFailure';
    this.isSilence = isSilence;
  }
}

/** Whether Temporal refused the call; an overloaded server counts as silent. */
function isRefusal(error: unknown): boolean {
  const kind = readCallFailure(error)?.kind;
  return kind !== undefined && kind !== 'late' && kind !== 'unavailable' && kind !== 'exhausted';
}

/** The result of an observation of a run. */
export type RunObservation =
  | { readonly kind: 'absent' }
  /** Nothing has happened since the observation whose mark was given. */
  | { readonly kind: 'unchanged' }
  | (RunReading & {
      readonly runId: string;
      /** Given to the next observation as `seen`. */
      readonly mark: string;
    });

/** The workflows of Experiments. All calls have a limit, and fail as `TemporalFailure` beyond it or when they are refused. */
export interface Runs {
  /** Starts the workflow, unless it was ever started: then nothing happens. */
  readonly start: (workflowId: string, manifest: object) => Promise<void>;
  readonly observe: (workflowId: string, options?: ObserveOptions) => Promise<RunObservation>;
  /** Sends the abort; false when there is no such open workflow. */
  readonly abort: (workflowId: string, reason: string) => Promise<boolean>;
}

interface ObserveOptions {
  /** The mark of an earlier observation: when nothing has happened since, the answer is `unchanged`, without a query. */
  readonly seen?: string;
  /** How long a worker may take to answer a query for the state. */
  readonly queryLimitMs?: number;
}

const callLimitMs = 2_000;

/** Longer than a worker needs to replay a long history. */
const longestQueryMs = 4_000;

/** The runs in the client's namespace; new ones are started on the task queue. */
export function runsOn(client: Client, taskQueue: string): Runs {
  const call = <T>(request: () => Promise<T>): Promise<T> =>
    callWithin(client, callLimitMs, request).catch(throwTemporalFailure);
  return {
    start: async (workflowId, manifest) => {
      const options = {
        workflowId,
        taskQueue,
        args: [manifest],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      } as const;
      await call(() => client.workflow.start<ExperimentWorkflow>(workflowType, options)).catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      });
    },
    observe: async (workflowId, { seen, queryLimitMs = longestQueryMs } = {}) => {
      const run = await call(() => describeWorkflow(client, workflowId));
      if (run === undefined) return { kind: 'absent' };
      const { runId, historyLength, status } = run;
      const failing = findRetrying(run.raw.pendingActivities)?.reason ?? '';
      const mark = `${runId}/${historyLength}/${status.name}/${failing}`;
      if (mark === seen) return { kind: 'unchanged' };
      const reading = await readRun(client, run, { callLimitMs, queryLimitMs }).catch(throwTemporalFailure);
      return { ...reading, runId, mark };
    },
    abort: async (workflowId, reason) => {
      const sent = call(() => client.workflow.getHandle(workflowId).signal(abortSignal, { reason }));
      return (await sent.then(() => true).catch(undefinedIfNotFound)) ?? false;
    },
  };
}

/** For `catch`: a failed call becomes a `TemporalFailure`; what the client says of workflows stays as it is. */
function throwTemporalFailure(error: unknown): never {
  throw readCallFailure(error) === undefined ? error : new TemporalFailure(error);
}
