import type { Experiment } from '../../core/experiment/experiment.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { parseExperiment } from '../../formats/manifest/parse.ts';
import { CommandError } from '../errors.ts';
import { readInputFile } from './files.ts';
import type { InputFile } from './files.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** A manifest that can run. */
export interface Manifest {
  readonly file: InputFile;
  readonly experiment: Experiment;
  /** Repairs and oddities, each `file:line:column path: …`. */
  readonly warnings: readonly string[];
}

export type ManifestCheck =
  | ({ readonly kind: 'ok' } & Manifest)
  | { readonly kind: 'invalid'; readonly file: InputFile; readonly issues: readonly string[] };

/** Checks a manifest without connecting to anything. Fails with `usage` only when the file cannot be read. */
export async function checkManifest(terminal: Terminal, path: string): Promise<ManifestCheck> {
  const file = await readInputFile(terminal, path);
  const reading = parseExperiment(file.text, file.name);
  if (reading.kind === 'invalid') return { kind: 'invalid', file, issues: reading.issues.map(formatIssue) };
  return { kind: 'ok', file, experiment: reading.experiment, warnings: reading.warnings.map(formatIssue) };
}

/** Reads a manifest that can run. Fails with `usage`, listing all issues, when it cannot. */
export async function readManifestFile(terminal: Terminal, path: string): Promise<Manifest> {
  const check = await checkManifest(terminal, path);
  if (check.kind === 'ok') return check;
  const { file, issues } = check;
  throw new CommandError('usage', [`${file.name} cannot be used:`, ...issues].join('\n  '), { issues });
}
