import type { Assessment, Verdict } from './assessment.ts';
import { type MetricName, type Objective, formatObjectName } from './experiment.ts';
import { metricUnits } from './measurement.ts';
import type { Report } from './report.ts';
import { grid } from './table.ts';

/** A titled part of a description. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** iter8ctl's sections, with its labels and tables; the assessments appear with the first completed iteration. */
export function assessmentSections(report: Report): readonly Section[] {
  const { assessment } = report;
  const first = [overview(report), progress(report)];
  if (report.completedIterations === 0 || assessment === undefined) return first;
  const objectives = assessment.objectives.length === 0 ? [] : [objectiveTable(report, assessment)];
  return [...first, winner(report), ...objectives, metricTable(report, assessment)];
}

/** `[lower <= ]metric[ <= upper]`, with at least three decimals and as many as the limit has. */
export function formatObjective({ metric, lowerLimit, upperLimit }: Objective): string {
  const lower = lowerLimit === undefined ? '' : `${formatLimit(lowerLimit)} <= `;
  const upper = upperLimit === undefined ? '' : ` <= ${formatLimit(upperLimit)}`;
  return `${lower}${metric}${upper}`;
}

/** Three decimals, rounded up as iter8ctl does: a value above a limit never looks like the limit. */
export function formatValue(value: number | undefined): string {
  if (value === undefined) return 'unavailable';
  const rounded = value.toFixed(3);
  return Number(rounded) < value ? (Number(rounded) + 0.001).toFixed(3) : rounded;
}

/** `name (units)`. */
export function formatMetricName(metric: MetricName): string {
  const units = metricUnits[metric];
  return units === undefined ? metric : `${metric} (${units})`;
}

/** iter8ctl's words for what is decided; the two verdicts that it did not know keep their own names. */
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

function winner(report: Report): Section {
  const { apiVersion, baseline, candidate } = report;
  const label = apiVersion === 'iter8.tools/v2alpha1' ? 'Recommended baseline' : 'Version recommended for promotion';
  return {
    title: 'Winner Assessment',
    lines: [
      `App versions in this experiment: [${baseline.name} ${candidate.name}]`,
      `Winning version: ${report.winner ?? 'not found'}`,
      `${label}: ${report.recommended}`,
    ],
  };
}

function objectiveTable({ baseline, candidate }: Report, { objectives }: Assessment): Section {
  const rows = objectives.map((one) => [
    formatObjective(one.objective),
    verdictWords[one.baseline],
    verdictWords[one.candidate],
  ]);
  return { title: 'Objective Assessment', lines: [grid(['Objective', baseline.name, candidate.name], rows)] };
}

function metricTable({ baseline, candidate }: Report, { metrics }: Assessment): Section {
  const rows = metrics.map((one) => [
    formatMetricName(one.metric),
    formatValue(one.baseline),
    formatValue(one.candidate),
  ]);
  return { title: 'Metrics Assessment', lines: [grid(['Metric', baseline.name, candidate.name], rows)] };
}

function formatLimit(limit: number): string {
  const usual = limit.toFixed(3);
  return Number(usual) === limit ? usual : String(limit);
}
