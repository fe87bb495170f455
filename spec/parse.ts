import type { Experiment } from '../core/experiment.ts';
import { checkAnalysis } from './analysis-checks.ts';
import { warnOfCharts } from './chart-warnings.ts';
import { crossCheck } from './cross-checks.ts';
import { warnOfHandlers } from './handler-warnings.ts';
import { warnOfOmissions } from './omissions.ts';
import { readDocuments, unlocated } from './document.ts';
import type { LocatedDocument } from './document.ts';
import { formatPath } from './issue.ts';
import type { Issue } from './issue.ts';
import { checkLoads } from './load-checks.ts';
import { warnOfDefinedMetrics } from './metric-warnings.ts';
import { normalize } from './normalize.ts';
import { originalPath, repair } from './repair.ts';
import type { Repaired } from './repair.ts';
import { iter8Manifest } from './schema.ts';
import { issuesOf } from './zod-issues.ts';
import type { ValueIssue } from './zod-issues.ts';

/** A manifest that can run, with the oddities that were repaired; or all that is wrong with it. */
export type ExperimentReading =
  | { readonly kind: 'ok'; readonly experiment: Experiment; readonly warnings: readonly Issue[] }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

/** Reads a manifest from YAML or JSON text; of several documents the one experiment. `file` is for messages. */
export function parseExperiment(text: string, file: string): ExperimentReading {
  const reading = readDocuments(text, file);
  if (reading.kind === 'invalid') return reading;
  const experiments = reading.documents.filter(({ value }) => isExperiment(value));
  const [only] = reading.documents.length === 1 ? reading.documents : experiments;
  if (only !== undefined && experiments.length <= 1) return parseDocument(only, file);
  const got = `${experiments.length} in ${reading.documents.length} documents`;
  const expected = 'one document of kind Experiment';
  return { kind: 'invalid', issues: [{ file, line: 1, column: 1, path: '(document)', expected, got }] };
}

/** The same for a value that is already parsed: its issues have no line. */
export function parseExperimentObject(value: unknown, file: string): ExperimentReading {
  return parseDocument(unlocated(value), file);
}

/** The same for whatever Temporal hands over: bytes and text are YAML or JSON. */
export function parseManifest(input: Uint8Array | string | object, file: string): ExperimentReading {
  if (typeof input === 'string') return parseExperiment(input, file);
  if (input instanceof Uint8Array) return parseExperiment(new TextDecoder().decode(input), file);
  return parseExperimentObject(input, file);
}

function isExperiment(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Experiment';
}

function parseDocument(document: LocatedDocument, file: string): ExperimentReading {
  const repaired = repair(document.value);
  const place = (issue: ValueIssue): Issue => placed(issue, { document, repaired, file });
  const reading = iter8Manifest.safeParse(repaired.value);
  const mistakes = reading.success ? [] : issuesOf(reading.error, repaired.value);
  const issues = [...mistakes, ...crossCheck(repaired.value)].map(place);
  if (!reading.success || issues.length > 0) return { kind: 'invalid', issues: issues.sort(byPlace) };
  const experiment = normalize(reading.data);
  const unfit = [...checkAnalysis(experiment), ...checkLoads(experiment)].map(place);
  if (unfit.length > 0) return { kind: 'invalid', issues: unfit.sort(byPlace) };
  const found = [
    ...repaired.moved.map(warnOfMove),
    ...warnOfHandlers(reading.data),
    ...warnOfCharts(experiment),
    ...warnOfOmissions(experiment),
    ...warnOfDefinedMetrics(experiment),
  ];
  const warnings = found.map(place);
  return { kind: 'ok', experiment, warnings: warnings.sort(byPlace) };
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

function placed({ path, atKey, expected, got }: ValueIssue, { document, repaired, file }: Source): Issue {
  const original = originalPath(path, repaired);
  const position = atKey ? document.keyPositionOf(original) : document.positionOf(original);
  return { file, ...position, path: formatPath(original), expected, got };
}
