import { wrap } from '../../core/report/table.ts';
import { withTimeLimit } from '../../metrics/time-limit.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { describedView } from '../files/experiment-document.ts';
import type { ExperimentView } from '../temporal/experiments.ts';
import { findExecution } from '../temporal/find-experiment.ts';
import { explainNamespace } from '../temporal/namespace-hint.ts';
import { pollExperiment, isFinalView } from '../temporal/poll-experiment.ts';
import { liveView } from '../render/live-view.ts';
import { printable } from '../render/text.ts';
import { progressLine, timedProgressLine } from '../render/progress-line.ts';
import { Screen } from '../terminal/screen.ts';
import { defined } from '../../core/text/defined.ts';

export interface WatchFlags {
  /** How long to follow it; to its end if absent. */
  readonly timeoutMs?: number;
}

/** `serin watch ID`: follows an experiment to its end. Exit code 0 when it was promoted or concluded. */
export async function watchCommand(context: CommandContext, id: string, flags: WatchFlags): Promise<CommandResult> {
  return withSession(context.connection, (session) => watchInSession(context, session, { id, ...flags })).catch(
    explainNamespace(context, 'watch', id),
  );
}

/** Follows an experiment to its end over an open connection; see `watchCommand`. */
export async function watchInSession(
  context: CommandContext,
  session: TemporalService,
  { id, timeoutMs }: WatchFlags & { readonly id: string },
): Promise<CommandResult> {
  const { interrupted } = context.terminal;
  const signal = timeoutMs === undefined ? interrupted : withTimeLimit(interrupted, timeoutMs);
  const { workflowId } = await findExecution(context, session, id);
  const views = pollExperiment(session, workflowId, signal);
  const last = await (shouldDraw(context) ? drawInPlace(context, views) : printChanges(context, views));
  if (last === undefined || !isFinalView(last)) {
    say(context, '', `The experiment goes on; \`${context.program} watch ${id}\` looks again.`);
    return { exitCode: interrupted.aborted ? 130 : 1 };
  }
  return { exitCode: outcomeExitCode(last) };
}

/** 0 when the experiment was promoted or concluded, else 1. */
export function outcomeExitCode({ report }: ExperimentView): ExitCode {
  return report?.outcome === 'Promoted' || report?.outcome === 'Concluded' ? 0 : 1;
}

function shouldDraw({ terminal, output }: CommandContext): boolean {
  return terminal.isScreen && output !== 'json';
}

type Views = AsyncIterable<ExperimentView>;

async function drawInPlace(context: CommandContext, views: Views): Promise<ExperimentView | undefined> {
  const screen = new Screen(context.terminal);
  let last: ExperimentView | undefined;
  try {
    for await (const view of views) {
      last = view;
      screen.draw(frame(context, view));
    }
  } finally {
    screen.close();
  }
  return last;
}

function frame({ terminal, style }: CommandContext, { report, note, execution }: ExperimentView): readonly string[] {
  const { columns, rows } = terminal.size();
  if (report === undefined) {
    return wrap(printable(`${execution.workflowId}: ${note ?? execution.status.name}`), columns);
  }
  const model = { report, nowMs: Date.now(), ...defined({ note }) };
  // The cursor is on the line below the last one.
  return liveView(model, style, { columns, rows: rows - 1 });
}

async function printChanges(context: CommandContext, views: Views): Promise<ExperimentView | undefined> {
  let last: ExperimentView | undefined;
  let shown = '';
  for await (const view of views) {
    last = view;
    const line = formatLine(view, progressLine);
    if (line === shown) continue;
    shown = line;
    if (context.output === 'json') context.terminal.write(`${JSON.stringify(describedView(view))}\n`);
    else
      say(
        context,
        formatLine(view, (model) => timedProgressLine({ ...model, nowMs: Date.now() })),
      );
  }
  return last;
}

type LineModel = Parameters<typeof progressLine>[0];

function formatLine({ report, note, execution }: ExperimentView, format: (model: LineModel) => string): string {
  if (report === undefined) return `${execution.workflowId}: ${note ?? execution.status.name}`;
  return format({ report, ...defined({ note }) });
}
