import type { Execution } from '../temporal/experiments.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import { findExecution, findRunningOn } from '../temporal/find-experiment.ts';
import { explainNamespace } from '../temporal/namespace-hint.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { askServerFor, serverAddress } from './ask-server.ts';
import { assertRunning, buildRequest, sendRequest } from '../temporal/requests.ts';
import type { RequestFlags, SteerKind } from '../temporal/requests.ts';

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
    return steerExecution(context, session, { execution, kind, flags });
  }).catch(explainNamespace(context, kind, id));
}

/**
 * `serin rollback TARGET`: has the experiment that runs on the target roll back what it has promoted, or asks about. Fails with `notFound`
 * where none does: then nothing is watched any more.
 */
export async function rollbackCommand(
  context: CommandContext,
  { target, flags }: { target: string; flags: SteerFlags },
): Promise<CommandResult> {
  return withSession(context.connection, async (session) => {
    const execution = await findRunningOn(session, target);
    return steerExecution(context, session, { execution, kind: 'reject', flags });
  }).catch(explainNamespace(context, 'rollback', target));
}

interface Steering {
  readonly execution: Execution;
  readonly kind: SteerKind;
  readonly flags: SteerFlags;
}

async function steerExecution(
  context: CommandContext,
  session: TemporalService,
  { execution, kind, flags }: Steering,
): Promise<CommandResult> {
  assertRunning(execution, kind);
  const server = serverAddress();
  if (server !== undefined) return askByServer(context, session, { server, execution, kind, flags });
  const { stage, message } = await sendRequest(session, {
    execution,
    kind,
    request: buildRequest(flags),
    timeoutMs: flags.timeoutMs,
  });
  say(context, `${execution.workflowId}: ${message}, stage ${stage}`);
  return { exitCode: 0 as const, json: { workflowId: execution.workflowId, stage, message } };
}

/** How long the server may take: it asks Kubernetes, then a worker. */
const serverLimitMs = 30_000;

interface ServerQuestion {
  readonly server: URL;
  readonly execution: Execution;
  readonly kind: SteerKind;
  readonly flags: SteerFlags;
}

/** The server says who it is: a name of one's own choice would say nothing. */
async function askByServer(
  context: CommandContext,
  session: TemporalService,
  { server, execution, kind: request, flags: { reason } }: ServerQuestion,
): Promise<CommandResult> {
  const { workflowId } = execution;
  const { message } = await askServerFor(session, server, { execution, request, reason, limitMs: serverLimitMs });
  say(context, `${workflowId}: ${message}`);
  return { exitCode: 0 as const, json: { workflowId, message } };
}
