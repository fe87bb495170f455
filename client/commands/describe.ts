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

/** `serin describe -f FILE`: the same for what `serin get ID -o yaml` (or json) has printed; needs no connection. */
export async function describeFile(context: CommandContext, path: string): Promise<CommandResult> {
  const { name, text } = await readInputFile(context.terminal, path);
  const report = await reportIn(name, text);
  say(context, describeReport(report));
  return { exitCode: 0, json: report };
}

async function reportIn(name: string, text: string): Promise<Report> {
  const { asReport } = await import('../experiments.ts');
  const reading = readYaml(text);
  if (reading.kind === 'invalid') throw new CommandError('usage', `${name} is not YAML: ${reading.problem}`);
  const report = asReport(statusOf(reading.value));
  if (report !== undefined) return report;
  throw new CommandError(
    'usage',
    `${name}: expected an Experiment with a status, as \`serin get ID -o yaml\` prints it`,
  );
}

function statusOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return 'status' in value ? value.status : undefined;
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
