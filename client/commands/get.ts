import { formatYaml } from '../../formats/document/yaml.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { documentApiVersion, experimentDocument } from '../files/experiment-document.ts';
import type { ExperimentDocument } from '../files/experiment-document.ts';
import { CommandError } from '../errors.ts';
import { findExecution, viewWorkflow } from '../temporal/find-experiment.ts';
import type { ExperimentView } from '../temporal/experiments.ts';
import { pause } from '../../kubernetes/pause.ts';
import { isFinalView } from '../temporal/poll-experiment.ts';
import { formatColumns, formatRow, columnWidths } from '../render/columns.ts';
import { header, row, wideHeader, wideRow } from '../render/listing.ts';
import { listExperiments } from '../temporal/visibility.ts';

export interface GetFlags {
  readonly watch: boolean;
  readonly target?: string;
  readonly stage?: string;
  readonly outcome?: string;
  readonly limit: number;
}

interface Request {
  readonly ids: readonly string[];
  readonly flags: GetFlags;
}

/** `serin get [ID…]`: prints one line for each experiment in kubectl's columns, or documents as JSON or YAML. */
export async function getCommand(context: CommandContext, request: Request): Promise<CommandResult> {
  return withSession(context.connection, async (session) => {
    if (request.flags.watch && context.output === 'yaml') {
      throw new CommandError('usage', '--watch prints text, wide or json, not yaml');
    }
    const found = await Promise.all(request.ids.map((id) => findExecution(context, session, id)));
    const listed = { workflowIds: found.map(({ workflowId }) => workflowId), flags: request.flags };
    if (request.flags.watch) return watchList(context, session, listed);
    const views = await readViews(context, session, listed);
    if (context.output === 'json' || context.output === 'yaml') return printDocuments(context, views, request);
    printTable(context, views);
    return { exitCode: 0 };
  });
}

/** What is listed: the workflows that were named, or the newest experiments when none was. */
interface Listed {
  readonly workflowIds: readonly string[];
  readonly flags: GetFlags;
}

async function readViews(
  { output }: CommandContext,
  session: TemporalService,
  { workflowIds, flags }: Listed,
): Promise<readonly ExperimentView[]> {
  // The narrow table has no column for what is tried again.
  if (workflowIds.length === 0)
    return listExperiments(session, { ...flags, detail: output === 'text' ? 'brief' : 'full' });
  return Promise.all(workflowIds.map((workflowId) => viewWorkflow(session, workflowId)));
}

function printTable(context: CommandContext, views: readonly ExperimentView[]): void {
  if (views.length === 0) remark(context, `no experiments; \`${context.program} start -f FILE\` starts one`);
  else say(context, formatColumns(tableRows(context, views)));
}

function tableRows({ output }: CommandContext, views: readonly ExperimentView[]): readonly (readonly string[])[] {
  const nowMs = Date.now();
  return output === 'wide' ? [wideHeader, ...views.map((view) => wideRow(view, nowMs))] : [header, ...views.map(row)];
}

function printDocuments(context: CommandContext, views: readonly ExperimentView[], { ids }: Request): CommandResult {
  const silent = views.filter(({ report }) => report === undefined);
  const documents = views.flatMap(({ report }) => (report === undefined ? [] : [experimentDocument(report)]));
  const [document] = documents;
  if (ids.length === 1 && document === undefined) {
    const note = silent[0]?.note ?? 'it has ended without one';
    throw new CommandError(
      'noWorker',
      `there is no report of ${ids[0]}: ${note}; \`${context.program} describe\` shows the rest`,
    );
  }
  print(context, ids.length === 1 && document !== undefined ? document : experimentList(documents));
  for (const { execution, note } of silent) context.terminal.writeError(`left out ${execution.workflowId}: ${note}\n`);
  return { exitCode: 0 };
}

function experimentList(items: readonly ExperimentDocument[]): unknown {
  return { apiVersion: documentApiVersion, kind: 'ExperimentList', items };
}

function print({ terminal, output }: CommandContext, document: unknown): void {
  terminal.write(output === 'yaml' ? formatYaml(document) : `${JSON.stringify(document, undefined, 2)}\n`);
}

/** Prints a line whenever an experiment changes, as kubectl does; ends when all named experiments have ended. */
async function watchList(context: CommandContext, session: TemporalService, listed: Listed): Promise<CommandResult> {
  const shown = new Map<string, string>();
  let widths: readonly number[] | undefined;
  do {
    const views = await readViews(context, session, listed);
    const table = tableRows(context, views);
    if (widths === undefined) {
      widths = columnWidths(table);
      if (context.output !== 'json') say(context, formatRow(table[0] ?? [], widths));
    }
    for (const view of views) printChanged(context, { view, widths, shown });
    if (listed.workflowIds.length > 0 && views.every(isFinalView)) return { exitCode: 0 };
  } while (await pause(context.terminal.interrupted));
  return { exitCode: 130 };
}

interface Change {
  readonly view: ExperimentView;
  readonly widths: readonly number[];
  /** The state that was printed last, by run id. */
  readonly shown: Map<string, string>;
}

function printChanged(context: CommandContext, { view, widths, shown }: Change): void {
  const { runId } = view.execution;
  const [, cells = []] = tableRows(context, [view]);
  const state = comparableState(context, view);
  if (shown.get(runId) === state) return;
  shown.set(runId, state);
  if (context.output !== 'json') say(context, formatRow(cells, widths));
  else if (view.report !== undefined) context.terminal.write(`${JSON.stringify(experimentDocument(view.report))}\n`);
}

/** The state by which changes are found: the columns that are shown, at a fixed time, or the whole report. */
function comparableState({ output }: CommandContext, view: ExperimentView): string {
  if (output === 'json') return JSON.stringify(view.report ?? view.note);
  const now = view.execution.startTime.getTime();
  return (output === 'wide' ? wideRow(view, now) : row(view)).join('\n');
}
