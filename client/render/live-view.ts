import type { ObjectiveAssessment, Verdict } from '../../core/verdicts/assessment.ts';
import { formatObjective, formatMetricName, formatValue } from '../../core/report/describe-assessment.ts';
import { formatProgress } from '../../core/report/web-ui-details.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { activeFlags } from '../../core/report/flags.ts';
import { wrap } from '../../core/report/table.ts';
import { formatTimeOfDay } from '../../core/text/instant.ts';
import { formatRequests, formatStep } from '../../core/report/iteration-text.ts';
import type { Report } from '../../core/report/report.ts';
import type { IterationRecord } from '../../core/planner/experiment-state.ts';
import type { Outcome } from '../../core/experiment/stage.ts';
import { versionColumns, isAlone } from '../../core/report/version-columns.ts';
import type { ScreenSize, Style } from '../terminal/terminal.ts';
import { bar } from './bar.ts';
import { formatColumns } from './columns.ts';
import { padEnd, padStart, paint, printable, truncate } from './text.ts';
import type { Format } from './text.ts';

/** What the live view shows. */
export interface LiveViewModel {
  readonly report: Report;
  readonly nowMs: number;
  /** Why the report may not be the latest or says no outcome: no worker answers, the workflow was terminated. */
  readonly note?: string;
}

const barWidth = 40;
const shownIterations = 8;
const shownWarnings = 3;
const shownReasonLines = 10;

/** The experiment as one screen of text: at most `rows` lines of at most `columns` cells. */
export function liveView(model: LiveViewModel, style: Style, { columns, rows }: ScreenSize): readonly string[] {
  const { report } = model;
  const blocks = [
    headline(report, style),
    trafficLines(report, style),
    statusLines(model, style, columns),
    objectiveLines(report, style),
    otherMetricLines(report),
    iterationLines(report, style),
    warningLines(report, style),
  ];
  const lines = blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  return lines.slice(0, Math.max(1, rows)).map((line) => truncate(line, columns));
}

const outcomeFormats: Readonly<Record<Outcome, Format>> = {
  Promoted: ['bold', 'green'],
  Concluded: ['bold', 'green'],
  RolledBack: ['bold', 'yellow'],
  Aborted: ['bold', 'yellow'],
  Failed: ['bold', 'red'],
};

function headline(report: Report, style: Style): readonly string[] {
  const name = paint(report.name || report.workflowId, 'bold', style);
  const target = report.name === '' ? '' : `  ${formatObjectName(report.target)}`;
  const { stage, outcome, iterations } = report;
  const state = outcome === undefined ? paint(stage, 'cyan', style) : paint(outcome, outcomeFormats[outcome], style);
  const progress = iterations === 0 ? '' : `  ${formatProgress(report)}`;
  return [`${name}${target}  ${state}${progress}`, paint(printable(report.message), 'dim', style)];
}

function trafficLines(report: Report, style: Style): readonly string[] {
  if (report.startedAtMs === undefined) return [];
  const { weights, weightReason } = report;
  const columns = versionColumns(report);
  const width = Math.max(...columns.map(({ version }) => version.name.length));
  const revisionWidth = Math.max(...columns.map(({ version }) => version.revision.length));
  const lines = columns.map(({ version, weight }, index) =>
    [
      padEnd(version.name, width),
      padEnd(version.revision, revisionWidth),
      bar(weight, barWidth, { style, format: index === 0 ? 'blue' : 'green' }),
      padStart(`${weight} %`, 5),
    ].join('  '),
  );
  const confirmed = weights.confirmed ? '' : paint('  not confirmed by the cluster yet', 'yellow', style);
  return [
    ...lines.slice(0, -1),
    `${lines.at(-1) ?? ''}${confirmed}`,
    ...(weightReason === undefined ? [] : [paint(printable(weightReason), 'dim', style)]),
  ];
}

function statusLines({ report, nowMs, note }: LiveViewModel, style: Style, columns: number): readonly string[] {
  const { outcome, reason, timeToSafeMs } = report;
  const flags = activeFlags(report).map(
    ({ name, detail }) => `${paint(name, ['bold', 'yellow'], style)} ${printable(detail)}`,
  );
  return [
    ...(outcome === undefined ? flags : endLines(outcome, reason ?? '', { style, columns })),
    ...(timeToSafeMs === undefined ? [] : [`100 % baseline written after ${formatDuration(timeToSafeMs)}`]),
    ...(note === undefined ? [] : noteLines(note, { style, columns })),
    ...countdown(report, nowMs),
  ];
}

interface Place {
  readonly style: Style;
  readonly columns: number;
}

/** What there is to do stands at the end of a note, so that it has several lines where one is too short. */
function noteLines(note: string, { style, columns }: Place): readonly string[] {
  return wrap(printable(note), columns).map((line) => paint(line, ['bold', 'red'], style));
}

/** The outcome with its reason, beginning and end of which fit on a screen. */
function endLines(outcome: Outcome, reason: string, { style, columns }: Place): readonly string[] {
  const lines = wrap(`${outcome}: ${printable(reason)}`, columns);
  const shown =
    lines.length <= shownReasonLines ? lines : [...lines.slice(0, shownReasonLines - 2), '..', ...lines.slice(-1)];
  const [first = '', ...others] = shown;
  return [`${paint(outcome, outcomeFormats[outcome], style)}${first.slice(outcome.length)}`, ...others];
}

function countdown({ stage, outcome, nextAtMs }: Report, nowMs: number): readonly string[] {
  if (stage !== 'Running' || outcome !== undefined || nextAtMs === undefined) return [];
  const seconds = Math.ceil((nextAtMs - nowMs) / 1000);
  return [seconds > 0 ? `next observation in ${formatDuration(seconds * 1000)}` : 'observing'];
}

const verdictFormats: Readonly<Record<Verdict, Format>> = {
  pass: 'green',
  fail: ['bold', 'red'],
  undecided: 'dim',
  error: 'yellow',
};

/** One line for each judged version and objective; without a name where only one is judged. */
function objectiveLines(report: Report, style: Style): readonly string[] {
  const { judged } = report;
  const isNamed = judged.length > 1;
  const rows = judged.flatMap((version, index) =>
    (version.assessment?.objectives ?? []).map((one) => [
      ...(isNamed ? [version.name] : []),
      ...objectiveRow(one, { report, index }, style),
    ]),
  );
  if (rows.length === 0) return rewardLines(report, style);
  const names = isNamed
    ? [report.baseline.name, 'candidate']
    : versionColumns(report).map(({ version }) => version.name);
  const columns = names.map((name) => name.toUpperCase());
  const titles = [...(isNamed ? ['VERSION'] : []), 'OBJECTIVE', ...columns, 'VERDICT', 'WHY'];
  const table = formatColumns([titles.map((title) => paint(title, 'dim', style)), ...rows]).split('\n');
  return [...table, ...rewardLines(report, style)];
}

function objectiveRow(
  one: ObjectiveAssessment,
  { report, index }: { readonly report: Report; readonly index: number },
  style: Style,
): readonly string[] {
  const values = report.judged[index]?.assessment?.metrics.find(({ metric }) => metric === one.objective.metric);
  const verdict = paint(one.candidate, verdictFormats[one.candidate], style);
  return [
    formatObjective(one.objective),
    ...(isAlone(report) ? [] : [formatValue(values?.baseline)]),
    formatValue(values?.candidate),
    one.suspect && one.candidate !== 'fail' ? `${verdict}, ${paint('suspect', 'yellow', style)}` : verdict,
    printable(one.reason),
  ];
}

function rewardLines({ judged }: Report, style: Style): readonly string[] {
  return judged.flatMap(({ name, reward, out }) => [
    ...(reward === undefined ? [] : [`reward of ${name}: ${reward.verdict}, ${printable(reward.reason)}`]),
    ...(out === undefined ? [] : [`${paint(name, 'bold', style)} is eliminated: ${printable(out)}`]),
  ]);
}

/** Metrics that are measured but not judged, in one line each. */
function otherMetricLines(report: Report): readonly string[] {
  const assessment = report.judged.find((one) => one.assessment !== undefined)?.assessment;
  if (assessment === undefined) return [];
  const judged = new Set(assessment.objectives.map(({ objective }) => objective.metric));
  const columns = versionColumns(report);
  return assessment.metrics
    .filter(({ metric }) => !judged.has(metric))
    .map(({ metric }) => {
      const values = columns.map(({ version, metricValue }) => `${version.name} ${formatValue(metricValue(metric))}`);
      return `${formatMetricName(metric, report.metrics)}: ${values.join(', ')}`;
    });
}

function iterationLines({ history }: Report, style: Style): readonly string[] {
  const shown = history.slice(-shownIterations).toReversed();
  if (shown.length === 0) return [];
  const titles = ['ITERATION', 'TIME (UTC)', 'CANDIDATE', 'REQUESTS', 'WHY'].map((title) => paint(title, 'dim', style));
  return formatColumns([titles, ...shown.map(iterationRow)]).split('\n');
}

function iterationRow(record: IterationRecord): readonly string[] {
  const { iteration, atMs, reason } = record;
  return [String(iteration), formatTimeOfDay(atMs), formatStep(record), formatRequests(record), printable(reason)];
}

function warningLines({ warnings }: Report, style: Style): readonly string[] {
  return warnings.slice(-shownWarnings).map((warning) => `${paint('warning', 'yellow', style)} ${printable(warning)}`);
}
