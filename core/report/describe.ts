import { assessmentSections, formatObjective } from './describe-assessment.ts';
import type { Section } from './describe-assessment.ts';
import { formatDuration } from '../text/duration.ts';
import { activeFlags } from './flags.ts';
import { formatInstant, formatTimeOfDay } from '../text/instant.ts';
import { formatRequests, formatStep } from './iteration-text.ts';
import type { JudgedReport, Report } from './report.ts';
import type { IterationRecord } from '../planner/experiment-state.ts';
import { formatVisibility } from '../measurements/visibility.ts';
import { grid, wrap } from './table.ts';
import { versionColumns, isAlone } from './version-columns.ts';

/** Iterations that a description shows; the report has more. */
const shownIterations = 10;

const lineWidth = 110;

/**
 * The state of an experiment as text for people: iter8ctl's sections first, with its labels and tables, then what
 * iter8ctl never showed: outcome, traffic, flags, verdicts with their numbers, recent iterations, warnings.
 */
export function describe(report: Report): string {
  const beyond = [
    outcomeSection(report),
    trafficSection(report),
    flagsSection(report),
    metricsSection(report),
    verdictsSection(report),
    iterationsSection(report),
  ];
  return joinSections([...assessmentSections(report), ...beyond, warningsSection(report)]);
}

/** The short description: iter8ctl's sections, what is tried again, and how and why the experiment has ended. */
export function describeBriefly(report: Report): string {
  const outcome = { title: 'Outcome', lines: outcomeAndReason(report) };
  return joinSections([...assessmentSections(report), flagsSection(report, ['retrying']), outcome]);
}

function joinSections(sections: readonly Section[]): string {
  return sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => [`****** ${title} ******`, ...lines].join('\n'))
    .join('\n\n');
}

function outcomeAndReason({ outcome, reason }: Report): readonly string[] {
  return [
    ...(outcome === undefined ? [] : [`Outcome: ${outcome}`]),
    ...(reason === undefined ? [] : labelled('Reason', reason)),
  ];
}

function outcomeSection(report: Report): Section {
  const { startedAtMs, completedAtMs, timeToSafeMs } = report;
  return {
    title: 'Outcome',
    lines: [
      ...outcomeAndReason(report),
      ...(completedAtMs === undefined ? [] : [`Completed: ${formatInstant(completedAtMs)}`]),
      ...(startedAtMs === undefined || completedAtMs === undefined
        ? []
        : [`Time from the first step: ${formatDuration(completedAtMs - startedAtMs)}`]),
      ...(timeToSafeMs === undefined ? [] : [`Time to safe: ${formatDuration(timeToSafeMs)}`]),
    ],
  };
}

function trafficSection(report: Report): Section {
  const { stage, outcome, startedAtMs, weights, weightReason, nextAtMs } = report;
  // Before the first step the traffic is not the plan's, and after a failure it may no longer be.
  if (startedAtMs === undefined) return { title: 'Traffic', lines: [] };
  const confirmed = weights.confirmed ? 'confirmed by the cluster' : 'not confirmed by the cluster';
  const isDue = stage === 'Running' && outcome === undefined && nextAtMs !== undefined;
  return {
    title: 'Traffic',
    lines: [
      ...versionColumns(report).map(({ version, weight }) => `${version.name} (${version.revision}): ${weight} %`),
      isAlone(report) ? 'As it was at the beginning; a conformance test moves none' : `As planned last, ${confirmed}`,
      ...(weightReason === undefined ? [] : labelled('Reason', weightReason)),
      ...(isDue ? [`Next observation: ${formatInstant(nextAtMs)}`, ...timeLeft(report, nextAtMs)] : []),
    ],
  };
}

/** An undecided run may go on beyond its plan, and a bad candidate ends it sooner. */
function timeLeft({ iterations, completedIterations, intervalMs }: Report, nextAtMs: number): readonly string[] {
  const left = iterations - completedIterations;
  if (left <= 0) return [`Iterations left: none of ${iterations}, it goes on until it is decided`];
  return [
    `Iterations left: ${left} of ${iterations}, as planned to ${formatInstant(nextAtMs + (left - 1) * intervalMs)}`,
  ];
}

/** The flags of these names, all if absent. */
function flagsSection(report: Report, names?: readonly string[]): Section {
  const flags = activeFlags(report).filter(({ name }) => names === undefined || names.includes(name));
  return { title: 'State', lines: flags.flatMap(({ name, detail }) => labelled(capitalized(name), detail)) };
}

function metricsSection({ metricsVisibility }: Report): Section {
  const lines =
    metricsVisibility === undefined ? [] : [`At the last observation: ${formatVisibility(metricsVisibility)}`];
  return { title: 'Metrics Back End', lines };
}

function verdictsSection(report: Report): Section {
  const { judged } = report;
  const title = isAlone(report) ? 'Verdicts' : 'Candidate Verdicts';
  return { title, lines: judged.flatMap((version) => versionVerdicts(version, judged.length > 1)) };
}

function versionVerdicts({ name, assessment, reward, out }: JudgedReport, isNamed: boolean): readonly string[] {
  const label = (text: string): string => (isNamed ? `${name}, ${text}` : text);
  return [
    ...(assessment?.objectives ?? []).flatMap(({ objective, candidate, reason }) =>
      labelled(label(formatObjective(objective)), `${candidate}, ${reason}`),
    ),
    ...(reward === undefined ? [] : labelled(label('reward'), `${reward.verdict}, ${reward.reason}`)),
    ...(out === undefined ? [] : labelled(label('eliminated'), out)),
  ];
}

function iterationsSection({ history }: Report): Section {
  const shown = history.slice(-shownIterations);
  if (shown.length === 0) return { title: 'Recent Iterations', lines: [] };
  const table = grid(['Iteration', 'Time (UTC)', 'Candidate weight', 'Requests', 'Reason'], shown.map(iterationRow), {
    widths: [30, 30, 30, 30, 60],
  });
  return { title: 'Recent Iterations', lines: [table] };
}

function iterationRow(record: IterationRecord): readonly string[] {
  const { iteration, atMs, reason } = record;
  return [String(iteration), formatTimeOfDay(atMs), formatStep(record), formatRequests(record), reason];
}

function warningsSection({ warnings }: Report): Section {
  return { title: 'Warnings', lines: warnings.flatMap((warning) => labelled('-', warning)) };
}

/** `label: text`, continued below the text's beginning by two spaces. */
function labelled(label: string, text: string): readonly string[] {
  const [first = '', ...rest] = wrap(label === '-' ? `- ${text}` : `${label}: ${text}`, lineWidth);
  return [first, ...rest.map((line) => `  ${line}`)];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
