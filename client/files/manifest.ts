import type { Experiment } from '../../core/experiment/experiment.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { parseExperiment } from '../../formats/manifest/parse.ts';
import { CommandError } from '../errors.ts';
import { readInputFile } from './files.ts';
import type { InputFile } from './files.ts';
import { findCalendarIssues } from './calendar-check.ts';
import { findMetricIssues } from './metrics-check.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** A manifest that can run. */
export interface Manifest {
  readonly file: InputFile;
  readonly experiment: Experiment;
  /** Repairs and oddities, each `file:line:column path: …`. */
  readonly warnings: readonly string[];
}

/**
 * Reads a manifest that can run, without connecting to anything. Fails with `usage`, listing all issues, when it cannot: what
 * `serin lint` refuses is refused here.
 */
export async function readManifestFile(terminal: Terminal, path: string): Promise<Manifest> {
  const file = await readInputFile(terminal, path);
  const reading = parseExperiment(file.text, file.name);
  if (reading.kind === 'invalid') throw unusable(file, reading.issues.map(formatIssue));
  const ofMetrics = await findMetricIssues(file);
  const problems = [...ofMetrics, ...findCalendarIssues(file, reading.experiment)];
  if (problems.length > 0) throw unusable(file, problems);
  return { file, experiment: reading.experiment, warnings: reading.warnings.map(formatIssue) };
}

function unusable({ name }: InputFile, issues: readonly string[]): CommandError {
  return new CommandError('usage', [`${name} cannot be used:`, ...issues].join('\n  '), { issues });
}
