import type { Experiment } from '../../core/experiment/experiment.ts';
import { checkAnalysis } from './checks/analysis-checks.ts';
import { checkApproval } from './checks/approval-checks.ts';
import { checkBakeTime } from './checks/bake-checks.ts';
import { warnOfCharts } from './checks/chart-warnings.ts';
import { chooseForm } from './manifest-forms.ts';
import { warnOfLimits } from './checks/limit-warnings.ts';
import { warnOfOmissions } from './checks/omission-warnings.ts';
import { unlocated } from '../document/document.ts';
import { readObjects } from '../document/objects.ts';
import type { ObjectsOptions } from '../document/objects.ts';
import type { LocatedDocument } from '../document/document.ts';
import { formatPath } from '../document/issue.ts';
import type { Issue } from '../document/issue.ts';
import { countBytes, findEncodingProblem } from '../../core/text/encoding.ts';
import { documentKind } from '../document/document-kinds.ts';
import { checkSizes, sizeProblem, writtenBytes } from './checks/size-checks.ts';
import { warnOfTarget } from './checks/target-warnings.ts';
import { warnOfTimeouts } from './checks/timeout-warnings.ts';
import { limits } from '../../core/text/limits.ts';
import { checkLoads } from './checks/load-checks.ts';
import { withMetricsBeside } from '../metrics/metrics-beside.ts';
import { warnOfMetrics } from '../metrics/metric-warnings.ts';
import { originalPath } from './iter8/misplaced-versions.ts';
import type { Repaired } from './iter8/misplaced-versions.ts';
import type { ValueIssue } from '../document/zod-issues.ts';

/** A manifest that can run, with warnings; or all its issues. */
export type ExperimentReading =
  | { readonly kind: 'ok'; readonly experiment: Experiment; readonly warnings: readonly Issue[] }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

/**
 * Reads a manifest from YAML or JSON text; of several documents, or of a list's items, exactly one must be an Experiment.
 * `file` is for messages.
 */
export function parseExperiment(text: string, file: string, options: ObjectsOptions = {}): ExperimentReading {
  const size = sizeProblem(countBytes(text));
  if (size !== undefined) return { kind: 'invalid', issues: [{ file, path: '(document)', ...size }] };
  const reading = readObjects(text, file, options);
  if (reading.kind === 'invalid') return reading;
  const experiments = reading.documents.filter(({ value }) => documentKind(value) === 'Experiment');
  const [only] = reading.documents.length === 1 ? reading.documents : experiments;
  if (only !== undefined && experiments.length <= 1) {
    return parseDocument(only, file, reading.documents.length > 1 ? text : undefined);
  }
  const got = `${experiments.length} in ${reading.documents.length} documents`;
  const expected = 'one document of kind Experiment';
  return { kind: 'invalid', issues: [{ file, line: 1, column: 1, path: '(document)', expected, got }] };
}

/**
 * Reads each Experiment of a text, which may have any number of them: for files that are looked at, and not run. There is always
 * a reading; that of a text without an Experiment says so.
 */
export function parseExperiments(
  text: string,
  file: string,
  options: ObjectsOptions = {},
): readonly [ExperimentReading, ...ExperimentReading[]] {
  const reading = readObjects(text, file, options);
  if (reading.kind === 'invalid') return [reading];
  const experiments = reading.documents.filter(({ value }) => documentKind(value) === 'Experiment');
  const [first, ...others] = experiments;
  if (first === undefined || others.length === 0) return [parseExperiment(text, file, options)];
  return [parseOneOfSeveral(first, file, text), ...others.map((document) => parseOneOfSeveral(document, file, text))];
}

function parseOneOfSeveral(document: LocatedDocument, file: string, text: string): ExperimentReading {
  // Aliases that stand for too much are refused before anything is written out.
  const isExpandable = checkSizes(document.value).length === 0;
  const size = isExpandable ? sizeProblem(writtenBytes(document.value)) : undefined;
  if (size === undefined) return parseDocument(document, file, text);
  return invalid([{ file, ...document.findPosition([]), path: '(document)', ...size }]);
}

/** Reads a manifest from a value that is already parsed; its issues have no line. */
export function parseExperimentObject(value: unknown, file: string): ExperimentReading {
  const size = sizeProblem(writtenBytes(value));
  if (size !== undefined) return { kind: 'invalid', issues: [{ file, path: '(document)', ...size }] };
  return parseDocument(unlocated(value), file);
}

/** Reads a manifest from the input of a workflow: bytes and text are YAML or JSON, an object is the manifest itself. */
export function parseManifest(input: Uint8Array | string | object, file: string): ExperimentReading {
  if (typeof input === 'string') return parseExperiment(input, file);
  if (input instanceof Uint8Array) return parseBytes(input, file);
  return parseExperimentObject(input, file);
}

function parseBytes(bytes: Uint8Array, file: string): ExperimentReading {
  const problem = findEncodingProblem(bytes);
  if (problem !== undefined) return { kind: 'invalid', issues: [{ file, path: '(document)', ...problem }] };
  return parseExperiment(new TextDecoder().decode(bytes), file);
}

/** @param text the text of all documents, where there are several. */
function parseDocument(document: LocatedDocument, file: string, text?: string): ExperimentReading {
  const oversized = checkSizes(document.value);
  if (oversized.length > 0) {
    return invalid(
      oversized.map(({ path, expected, got }) => ({
        file,
        ...document.findPosition(path),
        path: formatPath(path),
        expected,
        got,
      })),
    );
  }
  const form = chooseForm(document.value);
  const repaired = form.repair(document.value);
  const source = { document, repaired, file };
  const place = (issue: ValueIssue): Issue => located(issue, source);
  const reading = form.read(repaired.value);
  const issues = [...(reading.kind === 'read' ? [] : reading.issues), ...form.check(repaired.value)];
  if (reading.kind === 'invalid' || issues.length > 0) return invalid(issues.map(place));
  const beside = text === undefined ? undefined : withMetricsBeside(reading.experiment, text, file);
  if (beside?.kind === 'invalid') return invalid(beside.issues);
  const { experiment } = beside ?? reading;
  // Checks of an experiment give iter8's paths.
  const placeIn = (issue: ValueIssue): Issue => {
    return place({ ...issue, path: [...form.ownPath(issue.path, repaired.value)] });
  };
  const unfit = [
    ...checkAnalysis(experiment),
    ...checkApproval(experiment),
    ...checkBakeTime(experiment),
    ...checkLoads(experiment),
  ].map(placeIn);
  if (reading.unfit.length + unfit.length > 0) return invalid([...reading.unfit.map(place), ...unfit]);
  const named = form.namedMetrics(repaired.value);
  const ofTarget = warnOfTarget(
    named.map(({ name }) => name),
    experiment,
  );
  const ofMetrics = [...ofTarget, ...warnOfMetrics(named, experiment)];
  const own = [...repaired.moved.map(warnOfMove), ...reading.warnings, ...ofMetrics].map(place);
  const found = [
    ...warnOfCharts(experiment),
    ...warnOfTimeouts(experiment),
    ...warnOfLimits(experiment),
    ...warnOfOmissions(experiment),
  ];
  return { kind: 'ok', experiment, warnings: [...own, ...found.map(placeIn)].sort(byPlace) };
}

function invalid(issues: readonly Issue[]): ExperimentReading {
  const sorted = issues.toSorted(byPlace);
  const [first] = sorted;
  const more = sorted.length - limits.listedIssues;
  if (first === undefined || more <= 0) return { kind: 'invalid', issues: sorted };
  const rest = { file: first.file, path: '(document)', expected: 'no issues', got: `${more} more` };
  return { kind: 'invalid', issues: [...sorted.slice(0, limits.listedIssues), rest] };
}

function warnOfMove({ from, to }: Repaired['moved'][number]): ValueIssue {
  return {
    path: [...to],
    atKey: true,
    expected: formatPath(to),
    got: `${formatPath(from)}; moved under versionInfo`,
  };
}

function byPlace(a: Issue, b: Issue): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

interface Source {
  readonly document: LocatedDocument;
  readonly repaired: Repaired;
  readonly file: string;
}

function located({ path, atKey, expected, got }: ValueIssue, { document, repaired, file }: Source): Issue {
  const original = originalPath(path, repaired);
  const position = atKey ? document.findKeyPosition(original) : document.findPosition(original);
  return { file, ...position, path: formatPath(original), expected, got };
}
