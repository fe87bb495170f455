import { kindsIn } from '../../formats/document/document-kinds.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { checkManifest } from '../files/manifest.ts';
import type { ManifestCheck } from '../files/manifest.ts';
import { findMetricIssues } from '../files/metrics-check.ts';

/**
 * `serin lint -f FILE`: prints issues and warnings, one per line. Exit code 2 when the manifest, or a metric, cannot be
 * used.
 */
export async function lintCommand(context: CommandContext, path: string): Promise<CommandResult> {
  const check = await checkManifest(context.terminal, path);
  const issues = await findIssues(check);
  if (issues.length > 0) {
    say(context, ...issues);
    return { exitCode: 2, json: { valid: false, issues, warnings: [] } };
  }
  const warnings = check.kind === 'ok' ? check.warnings : [];
  say(context, ...warnings.map((warning) => `warning: ${warning}`), `${check.file.name} can be used`);
  return { exitCode: 0, json: { valid: true, issues: [], warnings } };
}

/** The issues of the experiment and of the metrics in a file, which may have either or both. */
async function findIssues(check: ManifestCheck): Promise<readonly string[]> {
  const kinds = kindsIn(check.file.text);
  const hasMetrics = kinds.has('Metric');
  const isManifest = kinds.has('Experiment') || !hasMetrics;
  const ofManifest = check.kind === 'invalid' && isManifest ? check.issues : [];
  return [...ofManifest, ...(hasMetrics ? await findMetricIssues(check.file) : [])];
}
