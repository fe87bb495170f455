import { defined } from '../../core/text/defined.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { listKinds } from '../../formats/document/document-kinds.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import type { Issue } from '../../formats/document/issue.ts';
import { readObjects } from '../../formats/document/objects.ts';
import { parseExperiments } from '../../formats/manifest/parse.ts';
import type { ExperimentReading } from '../../formats/manifest/parse.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { readInputFile } from '../files/files.ts';
import type { InputFile } from '../files/files.ts';
import { findCalendarIssues } from '../files/calendar-check.ts';
import { findMetricIssues } from '../files/metrics-check.ts';

export interface LintFlags {
  readonly file: string;
  /** Of objects that name none, as `kubectl apply --namespace` gives it to them. */
  readonly namespace?: string;
}

/**
 * `serin lint -f FILE`: prints the issues and warnings of all Experiments and Metrics in a file, one per line. Exit code 2 when
 * one of them cannot be used.
 */
export async function lintCommand(
  context: CommandContext,
  { file: path, namespace }: LintFlags,
): Promise<CommandResult> {
  const file = await readInputFile(context.terminal, path);
  const readings = readExperiments(file, namespace);
  const ofExperiments = readings.flatMap((one) => (one.kind === 'invalid' ? one.issues : []));
  const usable = readings.flatMap((one) => (one.kind === 'ok' ? [one] : []));
  const ofCalendars = usable.flatMap(({ experiment }) => findCalendarIssues(file, experiment));
  const ofMetrics = await findMetricIssues(file, namespace);
  const issues = distinctLines([...lines(ofExperiments), ...ofCalendars, ...ofMetrics]);
  if (issues.length > 0) {
    say(context, ...issues);
    return { exitCode: 2, json: { valid: false, issues, warnings: [] } };
  }
  const warnings = distinctLines(usable.flatMap((one) => lines(one.warnings)));
  const targets = distinctLines(usable.map(({ experiment }) => formatObjectName(experiment.target)));
  say(context, ...warnings.map((warning) => `warning: ${warning}`), `${file.name} can be used${targetsText(targets)}`);
  return { exitCode: 0, json: { valid: true, issues: [], warnings, targets } };
}

/** All Experiments of a file; none of one that has Metrics alone. */
function readExperiments({ text, name }: InputFile, namespace: string | undefined): readonly ExperimentReading[] {
  const options = defined({ namespace });
  const objects = readObjects(text, name, options);
  const kinds = listKinds(objects.kind === 'read' ? objects.documents : []);
  return kinds.has('Metric') && !kinds.has('Experiment') ? [] : parseExperiments(text, name, options);
}

function lines(issues: readonly Issue[]): readonly string[] {
  return issues.map(formatIssue);
}

/** What is wrong with a Metric is found with each Experiment beside it. */
function distinctLines(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

/** Says for what `spec.target` is taken: the files of other platforms look alike. */
function targetsText(targets: readonly string[]): string {
  if (targets.length === 0) return '';
  const [are, services] = targets.length === 1 ? ['target is', 'Service'] : ['targets are', 'Services'];
  return `: the ${are} the Knative ${services} ${targets.join(', ')}`;
}
