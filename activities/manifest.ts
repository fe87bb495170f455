import type { Experiment } from '../core/experiment.ts';
import { commandOf } from '../core/task.ts';
import { formatIssue } from '../spec/issue.ts';
import { parseManifest } from '../spec/parse.ts';
import type { ManifestInput, ManifestReading } from '../workflows/contract.ts';
import { refusedCommands } from './commands/run-command.ts';
import { failure } from './failures.ts';
import type { TemporalService } from './knative/chain.ts';
import { requireExpressions } from './metrics/find-metrics.ts';
import { readSearchAttributes } from './search-attributes.ts';

/** What messages call the input of a workflow, which has no file name. */
const inputName = 'manifest';

export interface ManifestDependencies {
  readonly temporal: TemporalService;
  readonly allowedCommands: readonly string[];
}

/**
 * Reads the manifest; fails as `InvalidManifest` with every issue, in the message for people and in the details for
 * programs, and as `CommandNotAllowed` where start actions would run before the preflight finds out that others may not.
 */
export async function readManifest(
  { temporal, allowedCommands }: ManifestDependencies,
  { manifest }: { readonly manifest: ManifestInput },
): Promise<ManifestReading> {
  const reading = parseManifest(manifest, inputName);
  if (reading.kind === 'invalid') {
    const issues = reading.issues.map(formatIssue);
    throw failure('InvalidManifest', { message: issues.join('\n'), details: [{ issues: reading.issues }] });
  }
  if (reading.experiment.start.some((task) => commandOf(task) !== undefined)) {
    requireCommands(reading.experiment, allowedCommands);
  }
  await requireExpressions(reading.experiment.metrics ?? {});
  const attributes = await readSearchAttributes(temporal);
  return {
    experiment: reading.experiment,
    warnings: [...reading.warnings.map(formatIssue), ...attributes.warnings],
    searchAttributes: attributes.names,
    temporalAddress: temporal.address,
  };
}

function requireCommands(experiment: Experiment, allowedCommands: readonly string[]): void {
  const refused = refusedCommands(experiment, allowedCommands);
  if (refused.length > 0) throw failure('CommandNotAllowed', { message: refused.join('\n') });
}
