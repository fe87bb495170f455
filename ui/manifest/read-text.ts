import { formatObjectName } from '../../core/text/object-name.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { parseExperiments } from '../../formats/manifest/parse.ts';
import type { Issue } from '../../formats/document/issue.ts';

/** A manifest as the page shows it. */
export interface TextReading {
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
  /** Those that could run. */
  readonly experiments: readonly Experiment[];
}

/** Reads what a person has pasted, as `serin lint` does. */
export function readText(text: string): TextReading {
  const readings = parseExperiments(text, 'manifest');
  return {
    issues: distinct(readings.flatMap((one) => (one.kind === 'invalid' ? one.issues : []))),
    warnings: distinct(readings.flatMap((one) => (one.kind === 'ok' ? one.warnings : []))),
    experiments: readings.flatMap((one) => (one.kind === 'ok' ? [one.experiment] : [])),
  };
}

/** Where the character of a line and column is, for selecting it. */
export function findOffset(text: string, { line = 1, column = 1 }: Pick<Issue, 'line' | 'column'>): number {
  const before = text.split('\n').slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1);
}

/** What an experiment is about, in a few words. */
export function describeExperiment({ target, testingPattern, deploymentPattern, candidates }: Experiment): string {
  const versions = candidates.length === 0 ? '' : `, ${candidates.map(({ name }) => name).join(', ')}`;
  return `${testingPattern}, ${deploymentPattern} on ${formatObjectName(target)}${versions}`;
}

function distinct(issues: readonly Issue[]): readonly Issue[] {
  const known = new Map(issues.map((issue) => [JSON.stringify(issue), issue]));
  return [...known.values()];
}
