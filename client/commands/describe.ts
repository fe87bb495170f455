import { asReport } from '../../core/as-report.ts';
import { describe as describeReport } from '../../core/describe.ts';
import type { Report } from '../../core/report.ts';
import { readYaml } from '../../spec/yaml.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { describedView } from '../document.ts';
import { CommandError } from '../errors.ts';
import type { ExperimentView } from '../experiments.ts';
import { readInputFile } from '../files.ts';
import { printable } from '../render/text.ts';

/** `serin describe ID`: the experiment as text, as iter8ctl shows it and beyond. */
export async function describe(context: CommandContext, id: string): Promise<CommandResult> {
  const { withSession } = await import('../connection.ts');
  const { viewExperiment } = await import('../find-experiment.ts');
  return withSession(context.connection, async (session) => {
    const view = await viewExperiment(session, id);
    say(context, view.report === undefined ? describeExecution(view) : describeReport(view.report));
    if (view.note !== undefined) remark(context, `note: ${printable(view.note)}`);
    return { exitCode: 0, json: describedView(view) };
  });
}

/**
 * `serin describe -f FILE`: the same for what `serin get ID -o yaml` or `kubectl get experiment -o yaml` has printed, in
 * YAML or JSON; needs no connection.
 */
export async function describeFile(context: CommandContext, path: string): Promise<CommandResult> {
  const { name, text } = await readInputFile(context.terminal, path);
  const reports = reportsIn(name, text);
  say(context, reports.map(describeReport).join('\n\n\n'));
  return { exitCode: 0, json: reports.length === 1 ? reports[0] : reports };
}

function reportsIn(name: string, text: string): readonly Report[] {
  const reading = readYaml(text);
  if (reading.kind === 'invalid') throw new CommandError('usage', `${name} is not YAML: ${reading.problem}`);
  const reports = itemsOf(reading.value).map(reportOf);
  const known = reports.filter((report) => report !== undefined);
  if (known.length > 0 && known.length === reports.length) return known;
  const expected =
    'an Experiment with a status, as `serin get ID -o yaml` and `kubectl get experiment -o yaml` print it';
  throw new CommandError('usage', `${name}: expected ${expected}`);
}

/** kubectl prints a list where no name was given. */
function itemsOf(value: unknown): readonly unknown[] {
  const items = fieldOf(value, 'items');
  return Array.isArray(items) ? items : [value];
}

/** serin's own document has the report as its status; in a cluster it is one part of iter8's status. */
function reportOf(document: unknown): Report | undefined {
  const status = fieldOf(document, 'status');
  return asReport(status) ?? asReport(fieldOf(fieldOf(status, 'serin'), 'report'));
}

function fieldOf(value: unknown, name: string): unknown {
  // Any mapping can be looked into.
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** What Temporal knows by itself when the experiment does not answer. */
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
