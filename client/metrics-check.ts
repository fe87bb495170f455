import { findJqIssues } from '../activities/metrics/jq/jq-issues.ts';
import { formatIssue } from '../spec/issue.ts';
import { parseMetrics } from '../spec/metric.ts';
import type { InputFile } from './files.ts';

/** All that is wrong with the Metric resources of a file, each `file:line:column path: …`. */
export async function findMetricIssues({ name, text }: InputFile): Promise<readonly string[]> {
  const reading = parseMetrics(text, { file: name, namespace: 'default' });
  const issues = reading.kind === 'invalid' ? reading.issues : await findJqIssues(reading.metrics);
  return issues.map(formatIssue);
}
