import { withTimeLimit } from '../../metrics/time-limit.ts';
import { assertConditions } from '../../core/report/assertion.ts';
import type { AssertedCondition, AssertionResult } from '../../core/report/assertion.ts';
import type { Report } from '../../core/report/report.ts';
import { pause } from '../../kubernetes/pause.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { failedReport, noReport, readReports } from '../files/experiment-file.ts';
import type { Execution, ExperimentView } from '../temporal/experiments.ts';
import { findExecution } from '../temporal/find-experiment.ts';
import { explainNamespace } from '../temporal/namespace-hint.ts';
import { pollExperiment, isFinalView } from '../temporal/poll-experiment.ts';
import { formatColumns } from '../render/columns.ts';
import { printable } from '../render/text.ts';

export interface AssertFlags {
  readonly conditions: readonly AssertedCondition[];
  /** How long to wait for the end; without limit if absent. */
  readonly timeoutMs?: number;
}

/** How long an experiment may take to appear: the operator and Temporal's visibility follow with a delay. */
const appearanceLimitMs = 10_000;

/**
 * `serin assert ID -c …`: waits for the end of an experiment and prints which conditions hold. Exit code 0 when all do, 1
 * when one does not, 3 when that is not known within the time limit, 4 when the experiment cannot be found or read, 130 when
 * interrupted.
 */
export async function assertCommand(
  context: CommandContext,
  { id, flags }: { readonly id: string; readonly flags: AssertFlags },
): Promise<CommandResult> {
  const { interrupted } = context.terminal;
  const signal = flags.timeoutMs === undefined ? interrupted : withTimeLimit(interrupted, flags.timeoutMs);
  const view = await withSession(context.connection, (session) => viewOfEnd(context, session, { id, signal }))
    .catch(explainNamespace(context, 'assert', id))
    .catch(unanswered);
  const { workflowId } = view.execution;
  const note = view.note === undefined ? {} : { note: printable(view.note) };
  const result = answer(context, flags.conditions, { report: reportOfEnd(view), workflowId, ...note });
  return interrupted.aborted && !isFinalView(view) ? { ...result, exitCode: 130 } : result;
}

/** `serin assert -f FILE -c …`: checks the conditions for the one Experiment in a file, as it is; needs no connection. */
export async function assertFileCommand(
  context: CommandContext,
  { file, flags }: { readonly file: string; readonly flags: AssertFlags },
): Promise<CommandResult> {
  const { reports, others } = await readReports(context.terminal, file);
  const [report] = reports;
  const count = reports.length + others.length;
  if (report === undefined || count > 1) {
    throw new CommandError('usage', `${file}: expected one Experiment, got ${count}`);
  }
  return answer(context, flags.conditions, { report });
}

interface Search {
  readonly id: string;
  readonly signal: AbortSignal;
}

async function viewOfEnd(
  context: CommandContext,
  session: TemporalService,
  { id, signal }: Search,
): Promise<ExperimentView> {
  const { workflowId } = await findSoon(context, session, { id, signal });
  let last: ExperimentView | undefined;
  for await (const view of pollExperiment(session, workflowId, signal)) last = view;
  if (last === undefined) throw new Error('polling an experiment has yielded no view');
  return last;
}

async function findSoon(context: CommandContext, session: TemporalService, { id, signal }: Search): Promise<Execution> {
  const appearance = withTimeLimit(signal, appearanceLimitMs);
  for (;;) {
    try {
      return await findExecution(context, session, id);
    } catch (error) {
      const isMissing = error instanceof CommandError && error.kind === 'notFound';
      if (!isMissing || !(await pause(appearance))) throw error;
    }
  }
}

function unanswered(error: unknown): never {
  if (!(error instanceof CommandError) || error.kind === 'usage') throw error;
  throw new CommandError(error.kind, error.message, { cause: error, exitCode: 4 });
}

/** A workflow that was stopped from outside counts as failed, although its last report has no outcome. */
function reportOfEnd(view: ExperimentView): Report {
  const { report, note, execution } = view;
  if (report?.outcome !== undefined || !isFinalView(view)) return report ?? noReport;
  return failedReport(report, note ?? `the workflow has ended: ${execution.status.name}`);
}

interface Asked {
  readonly report: Report;
  readonly workflowId?: string;
  /** Why the report is not the latest. */
  readonly note?: string;
}

function answer(
  context: CommandContext,
  conditions: readonly AssertedCondition[],
  { report, note, ...found }: Asked,
): CommandResult {
  const results = assertConditions(report, conditions);
  const { exitCode, summary } = summarize(results, note === undefined ? report : { ...report, message: note });
  say(context, formatColumns(results.map(({ condition, holds, why }) => [condition, holds, why])), summary);
  const { name, namespace, outcome, reason } = report;
  return { exitCode, json: { name, namespace, ...found, outcome, reason, note, conditions: results } };
}

type Summary = Pick<CommandResult, 'exitCode'> & { readonly summary: string };

function summarize(results: readonly AssertionResult[], { reason, message }: Report): Summary {
  if (results.every(({ holds }) => holds === 'yes')) return { exitCode: 0, summary: 'All conditions satisfied.' };
  if (results.some(({ holds }) => holds === 'no')) {
    return { exitCode: 1, summary: `Not all conditions hold: ${reason ?? message}` };
  }
  return { exitCode: 3, summary: `Not known yet: ${message}` };
}
