import { userInfo } from 'node:os';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { isClosed } from '../../temporal/read-run.ts';
import type { Execution } from './experiments.ts';
import { explainClientError } from './failures.ts';
import { approveUpdate, pauseUpdate, rejectUpdate, resumeUpdate } from '../../contract/messages.ts';
import type { RequestAccepted, RequestInput } from '../../contract/messages.ts';
import { cutText, limits } from '../../core/text/limits.ts';
import { defined } from '../../core/text/defined.ts';

const updates = { approve: approveUpdate, reject: rejectUpdate, pause: pauseUpdate, resume: resumeUpdate } as const;

/** The kinds of requests that an experiment answers; an abort is a signal, see `abortCommand`. */
export type SteerKind = keyof typeof updates;

/** Who asks, and why. */
export interface RequestFlags {
  /** Who asks; the user of this process if absent. */
  readonly by?: string;
  readonly reason?: string;
}

/** The content of a request: who asks, and why. */
export function buildRequest({ by, reason }: RequestFlags): RequestInput {
  const shown = reason === undefined ? undefined : cutText(reason, limits.requestReason);
  return { by: cutText(by ?? userName(), limits.requestBy), ...defined({ reason: shown }) };
}

/** Fails with `refused` when the workflow is closed. */
export function assertRunning(execution: Execution, verb: string): void {
  if (!isClosed(execution)) return;
  const { workflowId, status } = execution;
  const how = status.name.toLowerCase().replaceAll('_', ' ');
  throw new CommandError('refused', `cannot ${verb} ${workflowId}: the experiment has ended (${how})`);
}

/** The user of this process. */
export function userName(): string {
  return process.env['USER'] || userInfo().username;
}

/** A request to one experiment. */
export interface Question {
  readonly execution: Execution;
  readonly kind: SteerKind;
  readonly request: RequestInput;
  /** How long to wait for a worker's answer. */
  readonly timeoutMs: number;
}

/**
 * Sends a request and returns the answer. Fails with `refused` when the experiment refuses, with `noWorker` when no worker answers in
 * time.
 */
export async function sendRequest(
  session: TemporalService,
  { execution, kind, request, timeoutMs }: Question,
): Promise<RequestAccepted> {
  const { workflowId, runId, taskQueue } = execution;
  const handle = session.client.workflow.getHandle(workflowId, runId);
  try {
    return await session.client.withDeadline(Date.now() + timeoutMs, () =>
      handle.executeUpdate<RequestAccepted, [RequestInput]>(updates[kind].name, { args: [request] }),
    );
  } catch (error) {
    const explained = explainClientError(error, session);
    if (explained.kind !== 'noWorker') throw explained;
    const limit = `${timeoutMs / 1000} s`;
    // With a proof it may have been taken, and wait for a worker that checks it.
    const effect =
      request.proof === undefined ? 'so nothing was changed' : 'and whether it was carried out is not known';
    const message = `no worker on task queue ${taskQueue} answered within ${limit}, ${effect}; start one and ask again, or leave a message: \`temporal workflow signal --workflow-id ${workflowId} --name ${kind}\``;
    throw new CommandError('noWorker', message, { cause: error });
  }
}
