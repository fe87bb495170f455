import { readField } from '../../core/text/json.ts';
import { asReport } from '../../core/report/report.ts';
import { experimentDefaults } from '../../core/experiment/experiment.ts';
import { parseObjectName } from '../../core/text/object-name.ts';
import type { Report } from '../../core/report/report.ts';
import { buildReport } from '../../core/report/report-of-state.ts';
import { initialState } from '../../core/planner/experiment-state.ts';
import { documentKind } from '../../formats/document/document-kinds.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { readObjects } from '../../formats/document/objects.ts';
import { CommandError } from '../errors.ts';
import { readInputFile } from './files.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What is said about the Experiments of a file. */
export interface ReportsOfFile {
  /** At least one. */
  readonly reports: readonly Report[];
  /** Why the other Experiments of the file have none, a sentence each. */
  readonly others: readonly string[];
}

/**
 * The reports in a file that `serin get ID -o yaml` or `kubectl get experiment -o yaml` has printed, in YAML or JSON, one for
 * each Experiment of its documents and lists that serin has run. Fails with `usage` where there is none.
 */
export async function readReports(terminal: Terminal, path: string): Promise<ReportsOfFile> {
  const { name, text } = await readInputFile(terminal, path);
  const reading = readObjects(text, name);
  if (reading.kind === 'invalid') {
    throw new CommandError('usage', [`${name} is not YAML:`, ...reading.issues.map(formatIssue)].join('\n  '));
  }
  const objects = reading.documents.map(({ value }) => value).filter(mayBeExperiment);
  const found = objects.map((object) => ({ object, report: reportIn(object) }));
  const reports = found.flatMap(({ report }) => report ?? []);
  const without = found.flatMap(({ object, report }) => (report === undefined ? [object] : []));
  if (reports.length > 0) return { reports, others: without.map(whyUnknown) };
  const foreign = without.find(isOfIter8);
  if (foreign !== undefined) throw new CommandError('usage', `${name}: ${whyUnknown(foreign)}`);
  const expected =
    'an Experiment with a status, as `serin get ID -o yaml` and `kubectl get experiment -o yaml` print it';
  throw new CommandError('usage', `${name}: expected ${expected}`);
}

/** The report of an experiment that has failed without reporting it; keeps what its last report says, if there is one. */
export function failedReport(report: Report | undefined, reason: string): Report {
  return { ...(report ?? noReport), stage: 'Completed', outcome: 'Failed', reason };
}

/** The report of an experiment of which nothing is known. */
export const noReport: Report = buildReport(initialState({ workflowId: '', firstRunId: '' }));

/** Metrics and other objects may stand beside Experiments. */
function mayBeExperiment(object: unknown): boolean {
  const kind = documentKind(object);
  return kind === undefined || kind === 'Experiment';
}

/** Whether iter8's own controller has written the object's status. */
function isOfIter8(object: unknown): boolean {
  const status = readField(object, 'status');
  return readField(status, 'serin') === undefined && textIn(status, 'stage') !== '';
}

function whyUnknown(object: unknown): string {
  const metadata = readField(object, 'metadata');
  const what = `Experiment ${textIn(metadata, 'namespace') || 'default'}/${textIn(metadata, 'name')}`;
  if (!isOfIter8(object)) return `${what} has no status: serin has not run it`;
  const stage = textIn(readField(object, 'status'), 'stage');
  return `iter8's controller has written the status of ${what}, at stage ${stage}; iter8ctl describes it, and serin only what it runs itself`;
}

/**
 * Reads the report in a document: the status of serin's own document, or `status.serin.report` of an object in a cluster.
 */
function reportIn(document: unknown): Report | undefined {
  const status = readField(document, 'status');
  const own = asReport(status);
  if (own !== undefined) return own;
  const ofRun = readField(status, 'serin');
  const report = asReport(readField(ofRun, 'report')) ?? withoutRun(document);
  const isStopped = readField(ofRun, 'outcome') === 'Failed' && report?.outcome === undefined;
  return isStopped ? failedReport(report, textIn(ofRun, 'reason')) : report;
}

/** The report of an object that serin's operator manages, whose run has not begun, or never will. */
function withoutRun(document: unknown): Report | undefined {
  const status = readField(document, 'status');
  if (readField(status, 'serin') === undefined) return undefined;
  const metadata = readField(document, 'metadata');
  const spec = readField(document, 'spec');
  const strategy = readField(spec, 'strategy');
  const namespace = textIn(metadata, 'namespace');
  return {
    ...noReport,
    apiVersion: textIn(document, 'apiVersion'),
    name: textIn(metadata, 'name'),
    namespace,
    target: parseObjectName(textIn(spec, 'target'), namespace),
    testingPattern: textIn(strategy, 'testingPattern'),
    deploymentPattern: textIn(strategy, 'deploymentPattern') || experimentDefaults.deploymentPattern,
    message: textIn(status, 'message'),
  };
}

function textIn(value: unknown, name: string): string {
  const field = readField(value, name);
  return typeof field === 'string' ? field : '';
}
