import { describe as describeFully, describeBriefly } from '../../core/report/describe.ts';
import type { Report } from '../../core/report/report.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { describedView } from '../files/experiment-document.ts';
import { CommandError } from '../errors.ts';
import { readReports } from '../files/experiment-file.ts';
import type { ExperimentView } from '../temporal/experiments.ts';
import { printable } from '../render/text.ts';

export interface DescribeFlags {
  /** Whether to print more than iter8ctl does: traffic, verdicts, iterations, warnings. */
  readonly wide: boolean;
}

/** `serin describe ID`: prints the experiment as text, in iter8ctl's sections and, with `--wide`, in more. */
export async function describeCommand(
  context: CommandContext,
  { id, flags }: { readonly id: string; readonly flags: DescribeFlags },
): Promise<CommandResult> {
  const { withSession } = await import('../temporal/connection.ts');
  const { findExecution } = await import('../temporal/find-experiment.ts');
  const { viewExecution } = await import('../temporal/experiments.ts');
  const { explainNamespace } = await import('../temporal/namespace-hint.ts');
  return withSession(context.connection, async (session) => {
    const view = await viewExecution(session, await findExecution(context, session, id));
    say(context, view.report === undefined ? describeExecution(view) : describeReport(view.report, flags));
    if (view.note !== undefined) remark(context, `note: ${printable(view.note)}`);
    return { exitCode: 0 as const, json: describedView(view) };
  }).catch(explainNamespace(context, 'describe', id));
}

/** `serin describe -f FILE`: prints each Experiment in a file as text; needs no connection. */
export async function describeFileCommand(
  context: CommandContext,
  { file, flags }: { readonly file: string; readonly flags: DescribeFlags },
): Promise<CommandResult> {
  const { reports, others } = await readReports(context.terminal, file);
  say(context, reports.map((report) => describeForeignReport(file, report, flags)).join('\n\n\n'));
  remark(context, ...others.map((other) => `note: ${printable(other)}`));
  return { exitCode: 0, json: reports.length === 1 ? reports[0] : reports };
}

/** Describes a report from a file, which anybody may have written. */
function describeForeignReport(file: string, report: Report, flags: DescribeFlags): string {
  try {
    return describeReport(report, flags);
  } catch (error) {
    const got = `one that cannot be described: ${error instanceof Error ? error.message : String(error)}`;
    throw new CommandError('usage', `${file}: expected a report as serin writes it, got ${got}`, { cause: error });
  }
}

function describeReport(report: Report, { wide }: DescribeFlags): string {
  return wide ? describeFully(report) : describeBriefly(report);
}

/** The text from Temporal's own record, for an experiment that has no report. */
function describeExecution({ execution }: ExperimentView): string {
  const { workflowId, runId, taskQueue, status, startTime, closeTime, typedSearchAttributes } = execution;
  const attributes = typedSearchAttributes.getAll().map(({ key, value }) => `${key.name}: ${String(value)}`);
  return [
    '****** Overview ******',
    `Workflow: ${workflowId}`,
    `Run: ${runId}`,
    `Task queue: ${taskQueue}`,
    `Workflow status: ${status.name}`,
    `Started: ${startTime.toISOString()}`,
    ...(closeTime === undefined ? [] : [`Closed: ${closeTime.toISOString()}`]),
    ...attributes.filter((line) => line.startsWith('Serin')),
  ].join('\n');
}
