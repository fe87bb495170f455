import { withTimeLimit } from '../../metrics/time-limit.ts';
import type { Report } from '../../core/report/report.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { abortSignal } from '../../contract/messages.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { describedView } from '../files/experiment-document.ts';
import { CommandError } from '../errors.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { findExecution } from '../temporal/find-experiment.ts';
import type { Execution, ExperimentView } from '../temporal/experiments.ts';
import { explainNamespace } from '../temporal/namespace-hint.ts';
import { pollExperiment, isFinalView } from '../temporal/poll-experiment.ts';
import { rescueTraffic } from './rescue.ts';
import { askServerFor, serverAddress } from './ask-server.ts';
import { assertRunning, buildRequest } from '../temporal/requests.ts';
import type { RequestFlags } from '../temporal/requests.ts';

export interface AbortFlags extends RequestFlags, KubernetesFlags {
  /** Whether to wait for the end; if false, the command returns as soon as Temporal has recorded the request. */
  readonly wait: boolean;
  /** Whether to bring the traffic back without asking, where the run cannot. */
  readonly force: boolean;
  /** How long to wait for the end. */
  readonly timeoutMs: number;
}

/**
 * `serin abort ID`: records the request, which needs no worker, and then waits for the end of the experiment. Exit code 0
 * when it ended aborted or rolled back; fails with `noWorker` when it has not ended within the time limit. A run whose workflow task
 * fails cannot act: then, after asking or with `--force`, the command brings the traffic back by itself.
 */
export async function abortCommand(
  context: CommandContext,
  { id, flags }: { id: string; flags: AbortFlags },
): Promise<CommandResult> {
  return withSession(context.connection, async (session) => {
    const execution = await findExecution(context, session, id);
    const { workflowId, runId } = execution;
    assertRunning(execution, 'abort');
    const isSent = await abortByServer(context, session, { execution, flags });
    if (!isSent) await session.client.workflow.getHandle(workflowId, runId).signal(abortSignal, buildRequest(flags));
    say(context, `${workflowId}: abort recorded`);
    if (!flags.wait) return { exitCode: 0 as const, json: { workflowId, aborted: 'recorded' } };
    const view = await awaitEnd(context, { session, execution, timeoutMs: flags.timeoutMs });
    return isFinalView(view) ? reportEnd(context, view) : rescueTraffic(context, { view, flags });
  }).catch(explainNamespace(context, 'abort', id));
}

/** How long the server may take: an abort does not wait for it longer. */
const serverLimitMs = 5_000;

/** An abort does not depend on the server: whatever that answers, the request is sent, if need be without a verified name. */
async function abortByServer(
  context: CommandContext,
  session: TemporalService,
  { execution, flags: { reason } }: { readonly execution: Execution; readonly flags: AbortFlags },
): Promise<boolean> {
  try {
    const server = serverAddress();
    if (server === undefined) return false;
    await askServerFor(session, server, { execution, request: 'abort', reason, limitMs: serverLimitMs });
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    remark(context, `${why}; the abort goes to Temporal, by a name that nobody has verified`);
    return false;
  }
}

interface Wait {
  readonly session: TemporalService;
  readonly execution: Execution;
  readonly timeoutMs: number;
}

/** Waits for the last view, or for one that says that the workflow task fails. */
async function awaitEnd(context: CommandContext, { session, execution, timeoutMs }: Wait): Promise<ExperimentView> {
  const signal = withTimeLimit(context.terminal.interrupted, timeoutMs);
  const printed = new Set<string>();
  const printOnce = (line: string): void => {
    if (!printed.has(line)) remark(context, line);
    printed.add(line);
  };
  for await (const view of pollExperiment(session, execution.workflowId, signal)) {
    if (isFinalView(view) || view.silence === 'taskFails') return view;
    printOnce(progressText(view));
  }
  const { workflowId, taskQueue } = execution;
  throw new CommandError(
    'noWorker',
    `the abort of ${workflowId} is recorded but not carried out yet: a worker on task queue ${taskQueue} does it as soon as it runs; if none can run, \`${context.program} restore TARGET\` puts the traffic back`,
  );
}

function progressText({ report, note, execution }: ExperimentView): string {
  if (note !== undefined) return `waiting: ${note}`;
  if (report?.timeToSafeMs === undefined) return `waiting for a worker on task queue ${execution.taskQueue} to act`;
  return `${safety(report)}, ending`;
}

function safety({ baseline, timeToSafeMs }: Report): string {
  const after = timeToSafeMs === undefined ? '' : ` after ${formatDuration(timeToSafeMs)}`;
  return `100 % of the traffic is set to ${baseline.revision}${after}`;
}

function reportEnd(context: CommandContext, view: ExperimentView): CommandResult {
  const { report, note } = view;
  if (report?.outcome === undefined)
    throw new CommandError('failed', note ?? 'the experiment ended without an outcome');
  if (report.timeToSafeMs !== undefined) say(context, safety(report));
  say(context, `${report.outcome}: ${report.reason ?? report.message}`);
  // A roll back that came first also leaves all traffic on the baseline, which is what was asked for.
  const isSafe = report.outcome === 'Aborted' || report.outcome === 'RolledBack';
  return { exitCode: isSafe ? 0 : 1, json: describedView(view) };
}
