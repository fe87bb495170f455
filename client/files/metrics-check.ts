import { findProviderIssues } from '../../metrics/provider-issues.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { experimentNamespaceIn } from '../../formats/document/document-kinds.ts';
import { parseMetrics } from '../../formats/metrics/metric.ts';
import type { InputFile } from './files.ts';

/**
 * All that is wrong with the Metric resources of a file, each `file:line:column path: …`. Those without a namespace are in
 * that of the experiment beside them.
 */
export async function findMetricIssues({ name, text }: Pick<InputFile, 'name' | 'text'>): Promise<readonly string[]> {
  const reading = parseMetrics(text, { file: name, namespace: experimentNamespaceIn(text) });
  const issues = reading.kind === 'invalid' ? reading.issues : await findProviderIssues(reading.metrics);
  return issues.map(formatIssue);
}
