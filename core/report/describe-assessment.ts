import type { MetricValue, ObjectiveAssessment, Verdict } from '../verdicts/assessment.ts';
import { type Objective, type Reward, formatObjectName } from '../experiment/experiment.ts';
import { metricFacts, type MetricName } from '../experiment/metric.ts';
import type { MetricDefinitions, MetricFacts } from '../experiment/metric.ts';
import { writtenName, writtenNames } from '../experiment/written-metrics.ts';
import type { WrittenMetrics } from '../experiment/written-metrics.ts';
import type { Report } from './report.ts';
import { isPreferred } from '../verdicts/reward.ts';
import { grid } from './table.ts';
import { versionColumns, isAlone } from './version-columns.ts';
import type { VersionColumn } from './version-columns.ts';

/** A titled part of a description. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** iter8ctl's sections, with its labels and tables; the assessments appear with the first completed iteration. */
export function assessmentSections(report: Report): readonly Section[] {
  const first = [overview(report), progress(report)];
  const assessment = report.judged.find((one) => one.assessment !== undefined)?.assessment;
  if (report.completedIterations === 0 || assessment === undefined) return first;
  const { objectives, metrics } = assessment;
  return [
    ...first,
    winner(report),
    ...(report.reward === undefined ? [] : [rewardTable(report, report.reward)]),
    ...(objectives.length === 0 ? [] : [objectiveTable(report, objectives)]),
    metricTable(report, metrics),
  ];
}

/**
 * `[lower <= ]metric[ <= upper]`, with at least three decimals and as many as the limit has; the metric has its name in the
 * manifest where that is given.
 */
export function formatObjective({ metric, lowerLimit, upperLimit }: Objective, written?: WrittenMetrics): string {
  const lower = lowerLimit === undefined ? '' : `${formatLimit(lowerLimit)} <= `;
  const upper = upperLimit === undefined ? '' : ` <= ${formatLimit(upperLimit)}`;
  return `${lower}${writtenName(metric, written)}${upper}`;
}

/** Three decimals, rounded up as iter8ctl does: a value above a limit never looks like the limit. */
export function formatValue(value: number | undefined): string {
  if (value === undefined) return 'unavailable';
  const rounded = value.toFixed(3);
  return Number(rounded) < value ? (Number(rounded) + 0.001).toFixed(3) : rounded;
}

/** The metric with its units, `name (units)`. */
export function formatMetricName(metric: MetricName, definitions?: MetricDefinitions): string {
  return withUnits(metric, metricFacts(metric, definitions));
}

function withUnits(name: string, { units }: MetricFacts): string {
  return units === undefined ? name : `${name} (${units})`;
}

const oldApiVersion = 'iter8.tools/v2alpha1';

/** How the winner is found, in the lines of later versions of iter8ctl, which had none for A/B tests. */
const winnerRules: Readonly<Record<string, readonly string[]>> = {
  Canary: [
    'If the candidate version satisfies the experiment objectives, then it is the winner.',
    'Otherwise, if the baseline version satisfies the experiment objectives, it is the winner.',
    'Otherwise, there is no winner.',
  ],
  Conformance: [
    'If the version being validated; i.e., the baseline version, satisfies the experiment objectives, it is the winner.',
    'Otherwise, there is no winner.',
  ],
};

/** iter8ctl's words for pass and fail; the two verdicts that it did not have keep their own names. */
const verdictWords: Readonly<Record<Verdict, string>> = {
  pass: 'true',
  fail: 'false',
  undecided: 'undecided',
  error: 'error',
};

function overview(report: Report): Section {
  const isRead = report.name !== '';
  return {
    title: 'Overview',
    lines: [
      `Experiment name: ${report.name || 'unavailable'}`,
      `Experiment namespace: ${report.namespace || 'unavailable'}`,
      `Target: ${isRead ? formatObjectName(report.target) : 'unavailable'}`,
      `Testing pattern: ${report.testingPattern || 'unavailable'}`,
      `Deployment pattern: ${report.deploymentPattern || 'unavailable'}`,
    ],
  };
}

function progress({ stage, completedIterations }: Report): Section {
  return {
    title: 'Progress Summary',
    lines: [`Experiment stage: ${stage}`, `Number of completed iterations: ${completedIterations}`],
  };
}

/** Lines that explain a section, which iter8ctl has had since v2alpha2. */
function explained({ apiVersion }: Report, ...lines: readonly string[]): readonly string[] {
  return apiVersion === oldApiVersion ? [] : lines.map((line) => `> ${line}`);
}

function winner(report: Report): Section {
  const names = versionColumns(report).map(({ version }) => version.name);
  return {
    title: 'Winner Assessment',
    lines: [
      ...explained(report, ...(winnerRules[report.testingPattern] ?? [])),
      ...(isAlone(report) ? [] : [`App versions in this experiment: [${names.join(' ')}]`]),
      `Winning version: ${report.winner ?? 'not found'}`,
      ...recommendation(report),
    ],
  };
}

function recommendation(report: Report): readonly string[] {
  const { apiVersion, recommended } = report;
  if (apiVersion === oldApiVersion) return [`Recommended baseline: ${recommended}`];
  return isAlone(report) ? [] : [`Version recommended for promotion: ${recommended}`];
}

const rewardExplanation =
  "Identifies values of reward metrics for each version. The best version is marked with a '*'.";
const objectiveExplanation =
  'Identifies whether or not the experiment objectives are satisfied by the most recently observed metrics values for each version.';
const metricExplanation = 'Most recently read values of experiment metrics for each version.';

/** The best value has a star, as in iter8ctl. */
function rewardTable(report: Report, reward: Reward): Section {
  const columns = versionColumns(report);
  const values = columns.flatMap((column) => column.reward ?? []);
  const best = values.reduce<number | undefined>(
    (chosen, value) => (chosen === undefined || isPreferred(reward, value, chosen) ? value : chosen),
    undefined,
  );
  const direction = reward.preferredDirection === 'High' ? 'higher better' : 'lower better';
  const cells = columns.map((column) => {
    return `${formatValue(column.reward)}${best !== undefined && column.reward === best ? ' *' : ''}`;
  });
  const row = [`${writtenName(reward.metric, report.writtenMetrics)} (${direction})`, ...cells];
  const table = grid(['Reward', ...versionNames(columns)], [row]);
  return {
    title: 'Reward Assessment',
    lines: [...explained(report, rewardExplanation), table],
  };
}

function objectiveTable(report: Report, objectives: readonly ObjectiveAssessment[]): Section {
  const columns = versionColumns(report);
  const rows = objectives.map(({ objective }, index) => [
    formatObjective(objective, report.writtenMetrics),
    ...columns.map(({ verdicts }) => verdictWords[verdicts[index] ?? 'undecided']),
  ]);
  const table = grid(['Objective', ...versionNames(columns)], rows);
  return {
    title: 'Objective Assessment',
    lines: [...explained(report, objectiveExplanation), table],
  };
}

function metricTable(report: Report, metrics: readonly MetricValue[]): Section {
  const columns = versionColumns(report);
  const rows = metrics.flatMap(({ metric }) =>
    writtenNames(metric, report.writtenMetrics).map((name) => [
      withUnits(name, metricFacts(metric, report.metrics)),
      ...columns.map(({ metricValue }) => formatValue(metricValue(metric))),
    ]),
  );
  const table = grid(['Metric', ...versionNames(columns)], rows);
  return {
    title: 'Metrics Assessment',
    lines: [...explained(report, metricExplanation), table],
  };
}

function versionNames(columns: readonly VersionColumn[]): readonly string[] {
  return columns.map(({ version }) => version.name);
}

function formatLimit(limit: number): string {
  const usual = limit.toFixed(3);
  return Number(usual) === limit ? usual : String(limit);
}
