import { userInfo } from 'node:os';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { isClosed } from '../../temporal/read-run.ts';
import { findExecution } from '../temporal/find-experiment.ts';
import type { Execution } from '../temporal/experiments.ts';
import { explainClientError } from '../temporal/failures.ts';
import { explainNamespace } from '../temporal/namespace-hint.ts';
import { approveUpdate, pauseUpdate, rejectUpdate, resumeUpdate } from '../../contract/messages.ts';
import type { RequestAccepted, RequestInput } from '../../contract/messages.ts';
import { cutText, limits } from '../../core/text/limits.ts';
import { defined } from '../../core/text/defined.ts';

const updates = { approve: approveUpdate, reject: rejectUpdate, pause: pauseUpdate, resume: resumeUpdate } as const;

/** The kinds of requests that an experiment answers; an abort is a signal, see `abortCommand`. */
export type SteerKind = keyof typeof updates;

export interface RequestFlags {
  /** Who asks; the user of this process if absent. */
  readonly by?: string;
  readonly reason?: string;
}

export interface SteerFlags extends RequestFlags {
  /** How long to wait for a worker's answer. */
  readonly timeoutMs: number;
}

/**
 * `serin approve|reject|pause|resume ID`: sends the request and prints the answer. Fails with `refused` when the experiment
 * refuses, with `noWorker` when no worker answers in time.
 */
export async function steerCommand(
  context: CommandContext,
  { kind, id, flags }: { kind: SteerKind; id: string; flags: SteerFlags },
): Promise<CommandResult> {
  return withSession(context.connection, async (session) => {
    const execution = await findExecution(context, session, id);
    assertRunning(execution, kind);
    const { stage, message } = await ask(session, { execution, kind, flags });
    say(context, `${execution.workflowId}: ${message}, stage ${stage}`);
    return { exitCode: 0 as const, json: { workflowId: execution.workflowId, stage, message } };
  }).catch(explainNamespace(context, kind, id));
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

function userName(): string {
  return process.env['USER'] || userInfo().username;
}

interface Question {
  readonly execution: Execution;
  readonly kind: SteerKind;
  readonly flags: SteerFlags;
}

async function ask(session: TemporalService, { execution, kind, flags }: Question): Promise<RequestAccepted> {
  const { workflowId, runId, taskQueue } = execution;
  const handle = session.client.workflow.getHandle(workflowId, runId);
  try {
    return await session.client.withDeadline(Date.now() + flags.timeoutMs, () =>
      handle.executeUpdate<RequestAccepted, [RequestInput]>(updates[kind].name, { args: [buildRequest(flags)] }),
    );
  } catch (error) {
    const explained = explainClientError(error, session);
    if (explained.kind !== 'noWorker') throw explained;
    const limit = `${flags.timeoutMs / 1000} s`;
    const message = `no worker on task queue ${taskQueue} answered within ${limit}, so nothing was changed; start one and ask again, or leave a message: \`temporal workflow signal --workflow-id ${workflowId} --name ${kind}\``;
    throw new CommandError('noWorker', message, { cause: error });
  }
}
