import { findProviderIssues } from '../../metrics/provider-issues.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { findExperimentNamespace } from '../../formats/document/document-kinds.ts';
import { readObjects } from '../../formats/document/objects.ts';
import { parseMetrics } from '../../formats/metrics/metric.ts';
import type { InputFile } from './files.ts';

/**
 * Finds the issues of a file's Metric resources, each `file:line:column path: …`. A Metric without a namespace is in the given one,
 * else in that of the experiment in the same file, else in `default`.
 */
export async function findMetricIssues(
  { name, text }: Pick<InputFile, 'name' | 'text'>,
  namespace?: string,
): Promise<readonly string[]> {
  const reading = parseMetrics(text, { file: name, namespace: namespace ?? namespaceIn(text) });
  const issues = reading.kind === 'invalid' ? reading.issues : await findProviderIssues(reading.metrics);
  return issues.map(formatIssue);
}

function namespaceIn(text: string): string {
  const reading = readObjects(text, '');
  return findExperimentNamespace(reading.kind === 'read' ? reading.documents : []);
}
